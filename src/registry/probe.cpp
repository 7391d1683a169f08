// SPDX-License-Identifier: Apache-2.0
#include "registry/probe.hpp"

#include "registry/status.hpp"
#include "registry/v2/challenge.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/http/challenge.hpp>

#include <utility>

namespace regctl::registry {

namespace {

constexpr std::uint64_t k_ping_limit_bytes = 64 * 1024;

/// Whether the answer is that of nginx, Go or Apache to an http request at an https port.
bool speaks_https_only(int status, const std::string& text) {
  return status == 400 && text.find("HTTPS") != std::string::npos;
}

std::optional<bool> parse_standalone(const std::optional<std::string>& value) {
  // "mirror" is a standalone registry that fetches missing images from its source.
  if (!value) {
    return std::nullopt;
  }
  return *value == "True" || *value == "true" || *value == "1" || *value == "mirror";
}

/// Whether the answer to a ping is JSON: "true" or, from docker-registry 0.9 on request, an object.
/// A web server that has a page for every path does not send JSON.
bool is_json(http::Response& response) {
  try {
    return find_json(http::read_body(response, k_ping_limit_bytes)).has_value();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return false; // longer than any answer to a ping
  }
}

bool is_v2(const http::Response& response) {
  return response.headers.find("Docker-Distribution-Api-Version") == "registry/2.0";
}

/// Whether a 401 that names no protocol is a proxy's that Basic satisfies. Other challenges may be
/// those of a v2 registry, which answers them by itself.
bool wants_basic(const http::Response& response, std::string_view target) {
  if (response.status != 401 || is_v2(response)) {
    return false;
  }
  const auto demand = v2::choose_challenge(response.headers);
  return target != k_v2_ping || (demand && demand->kind == v2::Demand::Kind::basic);
}

/// Whether a 401 wants credentials in another way than by v1's tokens.
bool wants_other_than_token(const http::Response& response) {
  for (const auto& value : response.headers.all("WWW-Authenticate")) {
    for (const auto& challenge : http::parse_challenges(value)) {
      if (challenge.scheme != "token") {
        return true;
      }
    }
  }
  return false;
}

/// Whether a later try may be answered otherwise.
bool may_pass(int status) {
  return status == 408 || status == 429 || status >= 500;
}

} // namespace

bool Probe::has_answer(std::string_view target) const noexcept {
  return answer_ && answered_ping_ == target;
}

http::Response Probe::take_answer() {
  auto answer = std::move(*answer_);
  answer_.reset();
  return answer;
}

void Probe::choose_scheme(const std::vector<std::string>& schemes, std::string_view target) {
  base_ = http::Url::parse(schemes.front() + "://" + host_ + "/");
  if (schemes.size() == 1) {
    return; // nothing to choose: the first request reports errors
  }
  for (const auto& scheme : schemes) {
    auto request = ping(target);
    request.url.scheme = scheme;
    auto attempt = transport_.attempt(request);
    if (attempt.response) {
      const int status = attempt.response->status;
      const bool wants_https =
          status == 400 && speaks_https_only(status, error_text(*attempt.response));
      if (scheme == "https" || !wants_https) {
        base_.scheme = scheme;
        if (!may_pass(status)) {
          answer_ = std::move(attempt.response);
          answered_ping_ = target;
        }
        return;
      }
    } else if (attempt.obstacle == http::Obstacle::certificate) {
      throw *attempt.error; // the host is there, and speaks TLS
    } else if (attempt.obstacle == http::Obstacle::nobody) {
      return;
    } else if (attempt.obstacle == http::Obstacle::after_tls) {
      base_.scheme = scheme;
      return;
    } else if (attempt.obstacle == http::Obstacle::wrong_scheme) {
      base_.scheme = "http";
    }
  }
}

std::optional<v1::Ping> Probe::ask_v1(OldPath old_path) {
  auto response = ask(k_v1_ping);
  if (response.status == 404 && old_path == OldPath::ask) {
    http::discard_body(response);
    response = ask("/_ping");
  }
  const v1::Ping ping{parse_standalone(response.headers.find("X-Docker-Registry-Standalone")),
                      response.headers.find("X-Docker-Registry-Version")};
  const int status = response.status;
  if (http::is_success(status)) {
    const bool is_registry = ping.standalone || ping.version || is_json(response);
    http::discard_body(response);
    return is_registry ? std::optional(ping) : std::nullopt;
  }
  if (status == 401 && !is_v2(response)) {
    throw_denied(response, host_, "", credential_);
  }
  refuse_silent(response);
  return std::nullopt;
}

bool Probe::ask_v2() {
  auto response = ask(k_v2_ping);
  const int status = response.status;
  if (http::is_success(status) || status == 401) {
    return is_v2_answer(response);
  }
  refuse_silent(response);
  return false;
}

std::optional<bool> Probe::try_v2() {
  if (!has_answer(k_v2_ping)) {
    answer_ = transport_.attempt(ping(k_v2_ping)).response;
    answered_ping_ = k_v2_ping;
  }
  if (!answer_) {
    return std::nullopt;
  }
  auto response = take_answer();
  if (may_pass(response.status)) {
    http::discard_body(response);
    return std::nullopt;
  }
  if (credential_ && wants_basic(response, k_v2_ping)) {
    http::discard_body(response);
    response = ask(k_v2_ping);
  }
  if (!http::is_success(response.status) && response.status != 401) {
    http::discard_body(response);
    return false;
  }
  return is_v2_answer(response);
}

/// Whether a success or a 401 is that of a v2 registry.
bool Probe::is_v2_answer(http::Response& response) {
  if (response.status == 401) {
    is_v2_guarded_ = wants_basic(response, k_v2_ping);
    http::discard_body(response);
    return is_v2(response) || wants_other_than_token(response);
  }
  const bool is_registry = is_v2(response) || is_json(response);
  http::discard_body(response);
  return is_registry;
}

void Probe::refuse_silent(http::Response& response) const {
  const auto text = error_text(response);
  if (speaks_https_only(response.status, text)) {
    throw Error(ErrorKind::unavailable, base_.origin() + " speaks https, not http",
                "leave out --plain-http, or \"plain_http\" in the configuration");
  }
  if (response.status == 429 || response.status >= 500) {
    throw Error(ErrorKind::unavailable, "cannot ping " + base_.origin() + ": it answered " +
                                            std::to_string(response.status) + " (" + text + ")");
  }
}

http::Request Probe::ping(std::string_view target) const {
  http::Request request;
  request.url = base_;
  request.url.target = target;
  return request;
}

http::Response Probe::ask(std::string_view target) {
  auto request = ping(target);
  auto response = has_answer(target) ? take_answer() : transport_.send(request);
  if (credential_ && wants_basic(response, target)) {
    // A proxy that asks for Basic may guard the ping too.
    http::discard_body(response);
    request.authorization = http::basic_authorization(credential_->username, credential_->password);
    response = transport_.send(request);
  }
  return response;
}

} // namespace regctl::registry
