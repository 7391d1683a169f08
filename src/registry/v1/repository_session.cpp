// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/repository_session.hpp"

#include "registry/status.hpp"
#include "registry/v1/docker_headers.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/challenge.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl::registry::v1 {

namespace {

/// Whether a 401 offers `scheme`, in lower case.
bool offers(const http::Response& refused, std::string_view scheme) {
  for (const auto& value : refused.headers.all("WWW-Authenticate")) {
    for (const auto& challenge : http::parse_challenges(value)) {
      if (challenge.scheme == scheme) {
        return true;
      }
    }
  }
  return false;
}

} // namespace

std::string repository_path(std::string_view name) {
  std::string path = "/v1/repositories";
  const auto full = full_name(name);
  const std::string_view names = full;
  for (std::size_t begin = 0; begin <= names.size();) {
    const auto end = std::min(names.find('/', begin), names.size());
    path += "/" + http::percent_encode(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return path;
}

http::Request get(std::string target) {
  http::Request request;
  request.url.target = std::move(target);
  return request;
}

std::unique_lock<std::mutex> IndexTurns::take(const std::string& repository) {
  return std::unique_lock(locks_.of(repository_path(repository)));
}

RepositorySession::RepositorySession(std::shared_ptr<const Connection> connection,
                                     std::string repository)
    : connection_(std::move(connection)), repository_(std::move(repository)),
      credential_(connection_->credential_for(repository_)) {
  // Like engines: a standalone registry behind TLS gets Basic with every request.
  basic_only_ = credential_ && connection_->base.scheme == "https" &&
                connection_->ping.standalone.value_or(false);
}

std::string RepositorySession::describe() const {
  return connection_->host + "/" + repository_;
}

void RepositorySession::set_announcement(std::string body) {
  const std::lock_guard lock(mutex_);
  announcement_ = std::move(body);
}

http::Response RepositorySession::send_index(http::Request request, Need need) {
  const auto target = request.url.target;
  request.url = connection_->base;
  request.url.target = target;
  request.headers.add("X-Docker-Token", "true");
  if (credential_) {
    request.authorization = http::basic_authorization(credential_->username, credential_->password);
  }
  auto response = exchange(request);
  if (response.status == 401) {
    deny(response);
  }
  learn(response, need);
  return response;
}

http::Response RepositorySession::send(http::Request request, Need need) {
  ask_index_first(need);
  const auto target = request.url.target;
  // A 401 may ask for Basic first and then for a token; further rounds bring nothing new.
  for (int round = 0;;) {
    const auto named = named_endpoints();
    const auto endpoint = connection_->endpoints->choose(named);
    const auto tried = choose(need, endpoint);
    request.url = endpoint.value_or(connection_->base);
    request.url.target = target;
    request.authorization = tried.authorization;
    connection_->endpoints->mark(request, endpoint);
    auto response = send_unless_dead(request, endpoint, named);
    if (!response) {
      continue; // ask the next endpoint; ends because each one dies only once
    }
    if (response->status == 403 || (response->status == 401 && round == 2)) {
      deny_at(endpoint, *response);
    }
    if (response->status != 401) {
      return std::move(*response);
    }
    if (!renew(need, *response, tried)) {
      deny_at(endpoint, *response);
    }
    http::discard_body(*response);
    ++round;
  }
}

/// The answer of `endpoint`; nothing if it is dead, so that the caller asks another one. Endpoints
/// of one registry share their storage: a request that may be repeated at one of them may be
/// repeated at another.
std::optional<http::Response>
RepositorySession::send_unless_dead(http::Request& request,
                                    const std::optional<http::Url>& endpoint,
                                    const std::vector<http::Url>& named) {
  const auto may_go_elsewhere = [&] {
    return endpoint && request.repeat != http::Repeat::never &&
           connection_->endpoints->is_dead(*endpoint, named);
  };
  try {
    auto response = in_context_of(endpoint, [&] { return exchange(request); });
    if (!is_gateway_error(response.status) || !may_go_elsewhere()) {
      return response;
    }
    http::discard_body(response);
  } catch (const Error& error) {
    const bool has_no_answer =
        error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::protocol;
    if (!has_no_answer || !may_go_elsewhere()) {
      throw;
    }
  }
  return std::nullopt;
}

/// Sends a request. All requests pass here, also those for a token, because an announcement for a
/// write token writes the index too.
http::Response RepositorySession::exchange(http::Request& request) {
  request.cookies = cookies_;
  std::unique_lock<std::mutex> turn;
  if (request.method != http::Method::get && request.url.target.starts_with("/v1/repositories/")) {
    turn = connection_->index_turns->take(repository_);
  }
  return connection_->transport.send(request);
}

/// Sends the first index request, as engines do: a registry that is not known to be standalone may
/// want tokens and keep its images on other hosts. A standalone one is asked only after a 401.
void RepositorySession::ask_index_first(Need need) {
  {
    const std::lock_guard lock(mutex_);
    if (asked_index_ || connection_->ping.standalone.value_or(false)) {
      return;
    }
  }
  const std::lock_guard renewal(renewal_);
  {
    const std::lock_guard lock(mutex_);
    if (asked_index_) {
      return;
    }
    asked_index_ = true;
  }
  request_token(need == Need::remove ? Need::read : need);
}

/// Adds to errors of an endpoint how it came to be asked, since the user did not name it.
template <class Body>
http::Response RepositorySession::in_context_of(const std::optional<http::Url>& endpoint,
                                                Body&& body) const {
  if (!endpoint) {
    return body();
  }
  return in_context(
      [&] {
        return "asking " + endpoint->origin() + ", which X-Docker-Endpoints of " +
               connection_->host + " names";
      },
      body);
}

std::vector<http::Url> RepositorySession::named_endpoints() {
  const std::lock_guard lock(mutex_);
  return named_endpoints_;
}

RepositorySession::Tried RepositorySession::choose(Need need,
                                                   const std::optional<http::Url>& endpoint) {
  const bool may_have_password = connection_->endpoints->may_have_password(endpoint);
  const std::lock_guard lock(mutex_);
  for (const auto kind : {need, Need::write, Need::read}) { // the server may accept another
    if (!(basic_only_ && may_have_password) && !token(kind).empty()) {
      return {token(kind), false, may_have_password};
    }
  }
  if (basic_only_ && may_have_password && credential_) {
    return {http::basic_authorization(credential_->username, credential_->password), true, true};
  }
  return {{}, false, may_have_password};
}

/// After a 401: prepares a better authorization for the next choose(). Returns false if there is
/// none.
bool RepositorySession::renew(Need need, const http::Response& refused, const Tried& tried) {
  if (offers(refused, "basic") && !tried.is_basic) {
    if (credential_ && tried.may_be_basic) {
      const std::lock_guard lock(mutex_);
      basic_only_ = true;
      return true;
    }
    if (!offers(refused, "token")) {
      return false;
    }
    // An index may give anonymous clients tokens for public repositories.
  }
  const std::lock_guard renewal(renewal_);
  const auto current = [&] {
    const std::lock_guard lock(mutex_);
    basic_only_ = false;
    return token(need);
  };
  if (const auto before = current(); !before.empty() && before != tried.authorization) {
    return true; // another thread has fetched a new one meanwhile
  }
  request_token(need);
  const auto after = current();
  return !after.empty() && after != tried.authorization;
}

void RepositorySession::request_token(Need need) {
  http::Request request;
  request.url.target = repository_path(repository_);
  if (need == Need::read) {
    request.url.target += "/images";
  } else if (need == Need::remove) {
    // docker-registry 0.9.1 does nothing else on this request
    // (tests/data/v1/server-0.9-requests.txt, 108 and 109).
    request.method = http::Method::remove;
    request.url.target += "/images";
  } else {
    const std::lock_guard lock(mutex_);
    request.method = http::Method::put;
    request.url.target += "/";
    request.headers.add("Content-Type", "application/json");
    request.body = http::text_body(announcement_);
  }
  auto response = send_index(std::move(request), need);
  // A 404 is no failure: the repository may be new, or have tags but no list of images.
  http::discard_body(response);
}

void RepositorySession::learn(const http::Response& response, Need need) {
  auto token = token_of(response);
  auto endpoints = v1::named_endpoints(response, connection_->base);
  const std::lock_guard lock(mutex_);
  if (http::is_success(response.status)) {
    asked_index_ = true;
    named_endpoints_ = std::move(endpoints);
  }
  if (!token.empty()) {
    this->token(need) = std::move(token);
  }
}

void RepositorySession::deny_at(const std::optional<http::Url>& endpoint,
                                http::Response& response) const {
  if (!endpoint || response.url.origin() != endpoint->origin()) {
    deny(response);
  }
  const bool keeps_password =
      credential_.has_value() && !connection_->endpoints->may_have_password(endpoint);
  const auto text = error_text(response);
  throw Error(ErrorKind::denied,
              endpoint->origin() + ", which X-Docker-Endpoints of " + connection_->host +
                  " names, denies access to " + repository_ + ": it answered " +
                  std::to_string(response.status) + " (" + text + ")",
              keeps_password ? "the password for " + connection_->host +
                                   " is sent to no other host; if this one may have it, set "
                                   "\"endpoints\": \"trusted\" for " +
                                   connection_->host + " in the configuration"
                             : std::string());
}

void RepositorySession::deny(http::Response& response) const {
  if (response.url.origin() != connection_->base.origin()) { // it never got the password
    const auto text = error_text(response);
    throw Error(ErrorKind::denied, response.url.origin() + ", where " + connection_->host +
                                       " sends us, denies access to " + repository_ +
                                       ": it answered " + std::to_string(response.status) + " (" +
                                       text + ")");
  }
  throw_denied(response, connection_->host, repository_, credential_);
}

} // namespace regctl::registry::v1
