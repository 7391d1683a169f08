// SPDX-License-Identifier: Apache-2.0
#include "server/http/own_names.hpp"

#include "server/http/responses.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/server/server.hpp>

#include <algorithm>

namespace regctl::server {

namespace {

/// "registry.example" of "registry.example:5000"; "[::1]" of "[::1]:5000".
std::string_view without_port(std::string_view host) {
  const auto bracket = host.starts_with('[') ? host.find(']') : 0;
  return host.substr(0, bracket == std::string_view::npos ? bracket : host.find(':', bracket));
}

/// In lower case, without the dot that may end a full name.
std::string normalized(std::string_view host) {
  const auto name = without_port(host);
  const auto port = host.substr(name.size());
  return lower(name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0))) + std::string(port);
}

bool is_browser(const Request& request) {
  return request.header("Origin") || request.header("Sec-Fetch-Site") ||
         request.header("Sec-Fetch-Mode") || request.header("Accept-Language") ||
         request.header("User-Agent").value_or("").starts_with("Mozilla/");
}

} // namespace

OwnNames::OwnNames(const std::vector<std::string>& hosts, Exposure exposure) : exposure_(exposure) {
  for (const auto& host : hosts) {
    hosts_.push_back(normalized(host));
  }
}

bool OwnNames::is_own(std::string_view host) const {
  const auto whole = normalized(host);
  const auto name = without_port(whole);
  return is_loopback_host(whole) ||
         std::any_of(hosts_.begin(), hosts_.end(),
                     [&](const std::string& own) { return own == whole || own == name; });
}

std::optional<Response> OwnNames::refuse_foreign(const Request& request) const {
  const auto host = request.header("Host").value_or("");
  if (!hosts_.empty() && !host.empty() && !is_own(host)) {
    return error_response(403, "this server is not called '" + excerpt(host) + "'");
  }
  return exposure_ == Exposure::guarded ? std::nullopt : refuse_page(request, host);
}

std::optional<Response> OwnNames::refuse_page(const Request& request,
                                              const std::string& host) const {
  const auto site = request.header("Sec-Fetch-Site");
  const auto origin = request.header("Origin");
  const bool is_of_another =
      (site && *site != "same-origin" && *site != "none") ||
      (origin && *origin != "http://" + host && *origin != "https://" + host);
  if (is_of_another) {
    return error_response(403, "pages of other servers may not use this registry");
  }
  if (exposure_ == Exposure::loopback && is_browser(request) && !host.empty() && !is_own(host)) {
    return error_response(403, "a browser asks for '" + excerpt(host) +
                                   "': if this registry is called so, start it with --host");
  }
  return std::nullopt;
}

void check_host_name(std::string_view host) {
  constexpr std::string_view k_marks = "-._:[]";
  const bool is_name = !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           k_marks.find(c) != std::string_view::npos;
  });
  if (!is_name) {
    throw Error(ErrorKind::usage, "'" + excerpt(host) + "' is no name of a host",
                "write NAME or NAME:PORT, as in registry.example:5000");
  }
}

} // namespace regctl::server
