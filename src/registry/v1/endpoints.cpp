// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/endpoints.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl::registry::v1 {

namespace {

constexpr std::size_t k_most_endpoints = 8;

/// What a proxy answers for a server that is not there, after all retries.
bool is_gateway_error(int status) {
  return status >= 502 && status <= 504;
}

std::string_view without_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

} // namespace

std::vector<http::Url> named_endpoints(const http::Response& response, const http::Url& base) {
  std::vector<http::Url> named;
  const auto value = response.headers.find("X-Docker-Endpoints").value_or("");
  for (std::size_t begin = 0; begin < value.size() && named.size() < k_most_endpoints;) {
    const auto end = std::min(value.find(',', begin), value.size());
    const auto text = without_spaces(std::string_view(value).substr(begin, end - begin));
    try {
      named.push_back(http::Url::parse(base.scheme + "://" + parse_registry_host(text).host + "/"));
    } catch (const Error&) {
      // What is no host cannot be asked; the others and the registry itself can.
    }
    begin = end + 1;
  }
  return named;
}

Endpoints::Endpoints(http::Client& client, http::Url base, http::EndpointTrust trust)
    : client_(client), base_(std::move(base)), trust_(trust) {}

std::optional<http::Url> Endpoints::choose(const std::vector<http::Url>& named) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto& endpoint = named[i];
    if (endpoint.origin() == base_.origin()) {
      return std::nullopt;
    }
    const auto [known, is_new] = obstacles_.emplace(endpoint.origin(), "");
    if (is_new) {
      try {
        known->second = find_obstacle(endpoint);
      } catch (...) {
        obstacles_.erase(known);
        throw;
      }
      if (!known->second.empty() && client_.options().note) {
        const auto& next = i + 1 < named.size() ? named[i + 1] : base_;
        client_.options().note("X-Docker-Endpoints of " + base_.origin() + " names " +
                               endpoint.origin() + ", which is of no use (" + known->second +
                               "); asking " + next.origin() + " instead");
      }
    }
    if (known->second.empty()) {
      return endpoint;
    }
  }
  return std::nullopt;
}

void Endpoints::mark(http::Request& request, const std::optional<http::Url>& endpoint) const {
  if (endpoint && trust_ == http::EndpointTrust::tokens) {
    request.named_by = base_;
  }
}

bool Endpoints::may_have_password(const std::optional<http::Url>& endpoint) const {
  return !endpoint || trust_ == http::EndpointTrust::password;
}

/// By HEAD, since a thread that has one holds nobody else up (see http's gates): others wait here
/// while they have requests of their own.
std::string Endpoints::find_obstacle(const http::Url& endpoint) {
  http::Request request;
  request.method = http::Method::head;
  request.url = endpoint;
  request.url.target = "/v1/_ping";
  mark(request, endpoint);
  try {
    auto response = client_.send(request);
    http::discard_body(response);
    return is_gateway_error(response.status) ? "it answered " + std::to_string(response.status)
                                             : std::string();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable && error.kind() != ErrorKind::protocol) {
      throw;
    }
    return error.message();
  }
}

} // namespace regctl::registry::v1
