// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::http {

/// The lines of a request or response head for --debug. Replaced by "…": values of Authorization,
/// Proxy-Authorization, Cookie, Set-Cookie and X-Docker-Token; tokens in WWW-Authenticate; query
/// values in the request line and in Location; user and password in Location.
std::vector<std::string> redacted_lines(std::string_view head);

} // namespace regctl::http
