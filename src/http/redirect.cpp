// SPDX-License-Identifier: Apache-2.0
#include "http/redirect.hpp"

#include <regctl/base/error.hpp>

#include <utility>

namespace regctl::http {

namespace {

/// Whether an answer of `from` with this status redirects `method` to `to`.
bool is_redirect(Method method, int status, const Url& from, const Url& to) {
  if (status == 307 || status == 308) {
    return true;
  }
  if (method == Method::get || method == Method::head) {
    return status >= 301 && status <= 303;
  }
  // 302 and 303 turn a writing request into a GET, and 301 may do so. Within one host a 301 only
  // corrects the path or asks for https: the request itself stays the same.
  return status == 301 && from.host == to.host;
}

} // namespace

std::optional<Url> redirect_target(const Request& request, int status, const Headers& headers,
                                   const Url& url) {
  const auto location = headers.find("Location");
  if (!location || status < 301 || status > 308) {
    return std::nullopt;
  }
  auto next = in_context([&] { return "following a redirect of " + request.url.redacted(); },
                         [&] { return url.resolve(*location); });
  // The server must not choose what is signed for another one.
  const bool is_allowed = !request.sign || next.origin() == url.origin();
  return is_allowed && is_redirect(request.method, status, url, next)
             ? std::optional(std::move(next))
             : std::nullopt;
}

bool is_authorized_at(const Request& request, const Url& url) {
  const auto origin = url.origin();
  return origin == request.url.origin() ||
         (request.named_by && origin == request.named_by->origin());
}

} // namespace regctl::http
