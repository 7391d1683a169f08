// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/http/message.hpp>

#include <optional>
#include <string>

namespace regctl::registry {

/// The server's reason for an unsuccessful answer: the "error" member of a JSON body or the first
/// message of its "errors", the title of an HTML page, else the first line of text, else the
/// status' standard phrase. At most 200 characters, never empty. Reads the body.
std::string error_text(http::Response& response);

/// Throws the Error for an unsuccessful answer: "WHAT: HOST answered 404 (text)". 401 and 403 are
/// denied, 404 is not_found, 408, 429 and 5xx are unavailable, all others protocol.
[[noreturn]] void throw_status(http::Response& response, const std::string& what);

/// Throws Error{denied} "HOST denies access[ to WHAT]: …". The hint is to log in, or to check the
/// credential that was refused. `what` may be empty.
[[noreturn]] void throw_denied(http::Response& response, const std::string& host,
                               const std::string& what,
                               const std::optional<http::Credential>& credential);

} // namespace regctl::registry
