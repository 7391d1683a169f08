// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/http/message.hpp>

#include <optional>
#include <string>

namespace regctl::registry {

/// What a server says about an answer that is no success: the "error" member of a JSON body, the
/// title of an HTML page, else the first line of text; at most 200 characters, never empty (the
/// status' standard phrase). Reads the body.
std::string error_text(http::Response& response);

/// Throws the Error of an answer that is no success: "WHAT: HOST answered 404 (text)". 401 and 403
/// are denied, 404 is not_found, 408, 429 and 5xx are unavailable, other 4xx protocol.
[[noreturn]] void throw_status(http::Response& response, const std::string& what);

/// Throws Error{denied} "HOST denies access[ to WHAT]: …" with the hint to log in, or to check the
/// credential that was refused. `what` may be empty.
[[noreturn]] void throw_denied(http::Response& response, const std::string& host,
                               const std::string& what,
                               const std::optional<http::Credential>& credential);

/// 200 to 299.
bool is_success(int status) noexcept;

} // namespace regctl::registry
