// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/http/url.hpp>

#include <optional>

namespace regctl::http {

/// Where an answer of `url` with this status and these headers sends `request` on to; nothing:
/// nowhere, and the answer is the caller's. GET and HEAD follow 301, 302, 303, 307 and 308, other
/// methods 307 and 308, and 301 to the same host. Throws Error{protocol} for a Location that is no
/// http URL.
std::optional<Url> redirect_target(const Request& request, int status, const Headers& headers,
                                   const Url& url);

/// Whether the authorization of `request` is for the origin of `url`, to which redirects may have
/// led: the one of its own URL, and the one that named it.
bool is_authorized_at(const Request& request, const Url& url);

} // namespace regctl::http
