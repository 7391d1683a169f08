// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/tar.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace regctl {

inline constexpr std::size_t k_tar_block_bytes = 512;
using TarBlock = std::array<std::byte, k_tar_block_bytes>;

/// The entry that a header block describes, without its long name. Throws Error{protocol} "WHAT:
/// …".
TarEntry parse_tar_header(const TarBlock& block, const std::string& what);

/// The records of a PAX extended header ("LENGTH KEY=VALUE\n"…). Throws Error{protocol} "WHAT: …".
std::map<std::string, std::string> parse_pax(std::string_view text, const std::string& what);

/// Applies PAX records to an entry. Throws Error{protocol} for a malformed size or number.
void apply_pax(const std::map<std::string, std::string>& records, TarEntry& entry,
               const std::string& what);

} // namespace regctl
