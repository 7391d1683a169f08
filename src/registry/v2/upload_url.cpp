// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/upload_url.hpp"

#include <regctl/base/error.hpp>

#include <cstdint>
#include <utility>

namespace regctl::registry::v2 {

namespace {

bool has_default_port(const http::Url& url) {
  return url.port == (url.scheme == "https" ? 443 : 80);
}

} // namespace

std::optional<http::Url> find_upload_url(const AuthorizedSession& session, const http::Url& asked,
                                         const http::Response& response) {
  const auto location = response.headers.find("Location");
  if (!location) {
    return std::nullopt;
  }
  const auto& base = session.connection().base;
  auto url = asked.resolve(*location);
  const bool is_downgraded = base.scheme == "https" && url.scheme == "http";
  const bool is_own_port = url.port == base.port; // which speaks one of the two protocols alone
  if (url.host == base.host && (is_downgraded || is_own_port || has_default_port(url))) {
    url.scheme = base.scheme;
    url.port = base.port;
  }
  return url;
}

http::Url with_digest(http::Url url, const oci::Digest& digest) {
  const bool has_query = url.target.find('?') != std::string::npos;
  const bool is_open = url.target.ends_with('?') || url.target.ends_with('&');
  url.target += std::string(is_open     ? ""
                            : has_query ? "&"
                                        : "?") +
                "digest=" + http::percent_encode(digest.to_string());
  return url;
}

void cancel_upload(AuthorizedSession& session, const std::optional<http::Url>& url) {
  if (!url) {
    return;
  }
  const auto scopes = session.scopes("pull,push");
  auto request = session.request(http::Method::remove, "");
  request.url = *url;
  request.repeat = http::Repeat::never;
  try {
    auto response = session.send(request, scopes);
    http::discard_body(response);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      session.send_last(std::move(request), scopes);
      throw;
    }
  }
}

} // namespace regctl::registry::v2
