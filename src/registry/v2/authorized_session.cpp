// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/authorized_session.hpp"

#include "registry/status.hpp"
#include "registry/v2/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace regctl::registry::v2 {

namespace {

/// An expired token, and a scope that the challenge then demands.
constexpr int k_most_renewals = 2;
constexpr std::size_t k_most_refused_mounts = 1000;

std::string encoded_path(std::string_view name) {
  std::string path;
  for (const auto part : split(name, '/')) {
    path += (path.empty() ? "" : "/") + http::percent_encode(part);
  }
  return path;
}

/// Whether a 400 without a challenge is about the token. Source: aws/containers-roadmap#2835.
bool is_about_token(http::Response& response) {
  const auto codes = read_codes(response);
  return codes.empty() || has_code(codes, "DENIED") || has_code(codes, "UNAUTHORIZED");
}

} // namespace

AuthorizedSession::AuthorizedSession(std::shared_ptr<Connection> connection, std::string repository)
    : connection_(std::move(connection)), repository_(std::move(repository)),
      credential_(connection_->credential_for(repository_)),
      refused_mounts_(k_most_refused_mounts) {}

std::string AuthorizedSession::describe() const {
  return repository_.empty() ? connection_->host : connection_->host + "/" + repository_;
}

std::string AuthorizedSession::api_name(const std::string& repository) const {
  return is_docker_hub(connection_->host) ? full_name(repository) : repository;
}

http::Request AuthorizedSession::request(http::Method method, std::string_view path) const {
  http::Request request;
  request.method = method;
  request.url = connection_->base;
  request.url.target = "/v2/" +
                       (repository_.empty() ? "" : encoded_path(api_name(repository_)) + "/") +
                       std::string(path);
  return request;
}

Scopes AuthorizedSession::scopes(std::string_view actions) const {
  return scopes_of(repository_, actions);
}

Scopes AuthorizedSession::scopes_of(const std::string& repository, std::string_view actions) const {
  return {"repository:" + api_name(repository) + ":" + std::string(actions)};
}

bool AuthorizedSession::is_elsewhere(const http::Request& request) const {
  return request.url.origin() != connection_->base.origin();
}

http::Response AuthorizedSession::send(http::Request request, const Scopes& scopes) {
  if (is_elsewhere(request)) {
    request.named_by = connection_->base;
    return connection_->transport.send(request);
  }
  for (int renewals = 0;; ++renewals) {
    const auto grant = authorize(scopes);
    request.authorization = grant.authorization;
    auto response = connection_->transport.send(request);
    connection_->notices.read(response);
    if (!renew(response, grant, scopes) || renewals == k_most_renewals) {
      return response;
    }
    http::discard_body(response);
  }
}

WholeAnswer AuthorizedSession::send_for_body(const http::Request& request, const Scopes& scopes,
                                             std::uint64_t limit_bytes) {
  for (unsigned failures = 1;; ++failures) {
    auto response = send(request, scopes);
    if (!http::is_success(response.status)) {
      return {std::move(response), {}};
    }
    try {
      auto body = http::read_body(response, limit_bytes);
      return {std::move(response), std::move(body)};
    } catch (const Error& error) {
      connection_->transport.pause_or_throw(error, failures);
    }
  }
}

void AuthorizedSession::send_last(http::Request request, const Scopes& scopes) noexcept {
  constexpr std::chrono::seconds k_last_patience{3};
  const InterruptionShield shield;
  try {
    request.stall_timeout = k_last_patience;
    if (is_elsewhere(request)) {
      request.named_by = connection_->base;
    } else {
      request.authorization = known_authorization(scopes);
    }
    if (auto response = connection_->transport.attempt(request).response) {
      http::discard_body(*response);
    }
  } catch (const std::exception&) { // the registry cleans up some day
  }
}

/// As authorize(), without a request for a token.
http::Secret AuthorizedSession::known_authorization(const Scopes& scopes) {
  const auto demand = connection_->authority.demand();
  if (!demand || demand->kind == Demand::Kind::basic) {
    return authorize(scopes).authorization;
  }
  const auto token =
      connection_->tokens.find(*demand, connection_->authority.widened(scopes), credential_);
  return token ? token->authorization : http::Secret();
}

AuthorizedSession::Grant AuthorizedSession::authorize(const Scopes& scopes) {
  const auto demand = connection_->authority.demand();
  if (!demand) {
    return {};
  }
  if (demand->kind == Demand::Kind::basic) {
    return credential_
               ? Grant{http::basic_authorization(credential_->username, credential_->password)}
               : Grant{};
  }
  auto token =
      connection_->tokens.get(*demand, connection_->authority.widened(scopes), credential_);
  auto authorization = token->authorization;
  return {std::move(authorization), std::move(token)};
}

/// Whether the request should be sent again, with a better authorization than `grant`.
bool AuthorizedSession::renew(http::Response& response, const Grant& grant, const Scopes& scopes) {
  if (response.url.origin() != connection_->base.origin()) {
    return false; // another host has answered, which got no authorization
  }
  if (http::is_success(response.status) && grant.token) {
    grant.token->was_accepted = true;
  }
  if (response.status == 400 && grant.token && grant.token->was_accepted &&
      is_about_token(response)) {
    return !grant.token->is_refused.exchange(true);
  }
  if (response.status != 401) {
    return false;
  }
  const auto demand = choose_challenge(response.headers);
  if (!demand) {
    return grant.token && !grant.token->is_refused.exchange(true);
  }
  connection_->authority.learn(*demand);
  if (demand->kind == Demand::Kind::basic) {
    return credential_ && (grant.token || grant.authorization.empty());
  }
  if (grant.token) {
    grant.token->is_refused = true;
    connection_->authority.widen(scopes, demand->scopes);
  }
  return true;
}

void AuthorizedSession::fail(http::Response& response, const std::string& what) const {
  const bool is_denial = response.status == 401 || response.status == 403;
  if (is_denial && response.url.origin() == connection_->base.origin()) {
    throw_denied(response, connection_->host, repository_, credential_);
  }
  throw_status(response, what);
}

bool AuthorizedSession::is_mount_refused(const std::string& from) {
  const std::lock_guard lock(mutex_);
  return refused_mounts_.contains(from);
}

void AuthorizedSession::refuse_mounts(const std::string& from) {
  const std::lock_guard lock(mutex_);
  refused_mounts_.insert(from);
}

} // namespace regctl::registry::v2
