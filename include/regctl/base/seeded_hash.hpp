// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace regctl {

/// A hash for tables in memory, with a different seed in each process. With a known hash, a peer
/// could choose names or IDs that all collide. Not for values that are stored or sent.
std::size_t seeded_hash(std::span<const std::byte> bytes) noexcept;

/// seeded_hash() of texts, for std::unordered_map.
struct SeededHash {
  std::size_t operator()(std::string_view text) const noexcept {
    return seeded_hash(std::as_bytes(std::span(text.data(), text.size())));
  }
};

} // namespace regctl
