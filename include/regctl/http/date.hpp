// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace regctl::http {

/// Seconds since 1970 of a date in a header field ("Fri, 24 May 2013 00:00:00 GMT", and the older
/// forms of RFC 9110 section 5.6.7); nothing for anything else.
std::optional<std::int64_t> parse_http_date(const std::string& text);

} // namespace regctl::http
