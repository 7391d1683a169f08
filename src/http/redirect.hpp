// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/http/url.hpp>

#include <optional>

namespace regctl::http {

/// The URL to which an answer of `url` with this status and these headers redirects `request`.
/// Nothing if the answer is no redirect that `request` follows. GET and HEAD follow 301, 302, 303,
/// 307 and 308; other methods follow 307, 308, and a 301 to the same host. A request that is signed
/// follows only to its own origin. Throws Error{protocol} for a Location that is no http URL.
std::optional<Url> redirect_target(const Request& request, int status, const Headers& headers,
                                   const Url& url);

/// Whether the authorization of `request` may be sent to the origin of `url`, which may be the
/// target of a redirect: only to the origin of the request's own URL, and of the server that named
/// it.
bool is_authorized_at(const Request& request, const Url& url);

} // namespace regctl::http
