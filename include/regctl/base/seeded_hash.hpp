// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace regctl {

/// A number for a hash table, other in each process: with one that is known, a peer could choose
/// names or IDs that a table puts all into one place. Not for anything that is kept.
std::size_t seeded_hash(std::span<const std::byte> bytes) noexcept;

/// That of texts, for std::unordered_map.
struct SeededHash {
  std::size_t operator()(std::string_view text) const noexcept {
    return seeded_hash(std::as_bytes(std::span(text.data(), text.size())));
  }
};

} // namespace regctl
