// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::http {

/// A URL, or a text that should be one, without secrets: user and password, and the values of the
/// query become "…". A part of the query without '=' is a value as a whole.
std::string redacted_url(std::string_view text);

/// The lines of a request or response head for --debug. Replaced by "…": values of Authorization,
/// Proxy-Authorization, Cookie, Set-Cookie and X-Docker-Token; tokens in WWW-Authenticate; query
/// values in the request line; in Location what redacted_url() hides.
std::vector<std::string> redacted_lines(std::string_view head);

} // namespace regctl::http
