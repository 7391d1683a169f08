// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/endpoints.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl::registry::v1 {

namespace {

constexpr std::size_t k_most_endpoints = 8;

std::string_view without_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

http::Response send_once(http::Transport& transport, const http::Request& request) {
  auto attempt = transport.attempt(request);
  if (!attempt.response) {
    throw *attempt.error;
  }
  return std::move(*attempt.response);
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
      // A malformed name is left out: other endpoints, or the registry itself, can be asked.
    }
    begin = end + 1;
  }
  return named;
}

bool is_gateway_error(int status) noexcept {
  return status >= 502 && status <= 504;
}

Endpoints::Endpoints(http::Transport& transport, http::Url base, http::EndpointTrust trust)
    : transport_(transport), base_(std::move(base)), trust_(trust) {}

std::optional<http::Url> Endpoints::choose(const std::vector<http::Url>& named) {
  const std::lock_guard lock(mutex_);
  for (const auto& endpoint : named) {
    if (endpoint.origin() == base_.origin()) {
      return std::nullopt;
    }
    if (look_at(endpoint, named).obstacle.empty()) {
      return endpoint;
    }
  }
  return find_revived(named);
}

bool Endpoints::is_dead(const http::Url& endpoint, const std::vector<http::Url>& named) {
  const std::lock_guard lock(mutex_);
  auto& known = known_[endpoint.origin()];
  if (known.obstacle.empty()) { // otherwise another thread has asked meanwhile
    known = {find_obstacle(endpoint, Attempts::one)};
    if (!known.obstacle.empty()) {
      tell(endpoint, named, "which is of no use any more (" + known.obstacle + ")");
    }
  }
  return !known.obstacle.empty();
}

/// The facts about `endpoint`; asks it if there are none. The mutex must be held.
const Endpoints::Known& Endpoints::look_at(const http::Url& endpoint,
                                           const std::vector<http::Url>& named) {
  if (const auto found = known_.find(endpoint.origin()); found != known_.end()) {
    return found->second;
  }
  Known known{find_obstacle(endpoint, Attempts::all)};
  const auto& kept = known_.emplace(endpoint.origin(), std::move(known)).first->second;
  if (!kept.obstacle.empty()) {
    tell(endpoint, named, "which is of no use (" + kept.obstacle + ")");
  }
  return kept;
}

/// Of `named`, which are all dead: the first that has not been asked recently and now answers. The
/// mutex must be held.
std::optional<http::Url> Endpoints::find_revived(const std::vector<http::Url>& named) {
  for (const auto& endpoint : named) {
    auto& known = known_[endpoint.origin()];
    if (Clock::now() - known.asked >= transport_.options().stall_timeout) {
      known = {find_obstacle(endpoint, Attempts::one)};
      if (known.obstacle.empty()) {
        return endpoint;
      }
    }
  }
  return std::nullopt;
}

/// Notes that `endpoint` is skipped, and which host is asked instead: the first that is not known
/// to be dead.
void Endpoints::tell(const http::Url& endpoint, const std::vector<http::Url>& named,
                     const std::string& what) const {
  const auto next = std::find_if(named.begin(), named.end(), [&](const http::Url& other) {
    const auto found = known_.find(other.origin());
    return found == known_.end() || found->second.obstacle.empty();
  });
  transport_.note("X-Docker-Endpoints of " + base_.origin() + " names " + endpoint.origin() + ", " +
                  what + "; asking " + (next == named.end() ? base_ : *next).origin() + " instead");
}

void Endpoints::mark(http::Request& request, const std::optional<http::Url>& endpoint) const {
  request.named_by =
      endpoint && trust_ == http::EndpointTrust::tokens ? std::optional(base_) : std::nullopt;
}

bool Endpoints::may_have_password(const std::optional<http::Url>& endpoint) const {
  return !endpoint || trust_ == http::EndpointTrust::password;
}

/// Asks by HEAD, because a thread with a slot for HEAD never waits at a gate (see http's Gates).
/// Threads that wait for this one hold slots themselves.
std::string Endpoints::find_obstacle(const http::Url& endpoint, Attempts attempts) {
  http::Request request;
  request.method = http::Method::head;
  request.url = endpoint;
  request.url.target = "/v1/_ping";
  mark(request, endpoint);
  try {
    auto response =
        attempts == Attempts::all ? transport_.send(request) : send_once(transport_, request);
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
