// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// Seconds since 1970 of "2014-05-13T16:53:20.123456789Z" or with an offset as "+02:00"; the
/// fraction is cut off. Nothing for anything else. Source: RFC 3339.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// "2014-05-13T16:53:20Z"; empty for a year without exactly four digits.
std::string print_rfc3339(std::int64_t seconds_since_1970);

} // namespace regctl
