// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace regctl::objects {

// What a server tells of an object. Nothing is guessed where it tells no sense: an object without
// a time would look old enough to be removed.

/// A number of bytes. Throws Error{protocol} naming `what` for anything else.
std::uint64_t read_size(std::string_view text, const std::string& what);

/// A time in a listing, as in RFC 3339. Throws as read_size().
std::chrono::system_clock::time_point read_time(std::string_view text, const std::string& what);

/// A time in a header field, as in RFC 9110. Throws as read_size().
std::chrono::system_clock::time_point read_http_time(const std::string& text,
                                                     const std::string& what);

/// An ETag without its quotes, which some servers leave out.
std::string unquoted(std::string_view etag);

} // namespace regctl::objects
