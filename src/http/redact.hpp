// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::http {

/// The lines of a request or response head for --debug: values of Authorization,
/// Proxy-Authorization, Cookie, Set-Cookie and X-Docker-Token, tokens in WWW-Authenticate, and
/// query values in the request line and in Location, and user and password there, are replaced by
/// "…".
std::vector<std::string> redacted_lines(std::string_view head);

} // namespace regctl::http
