// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/container.hpp"

#include "objects/credentials/ask.hpp"
#include "objects/credentials/json_key.hpp"
#include "objects/credentials/token.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <array>

namespace regctl::objects {

namespace {

constexpr const char* k_relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* k_full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The agents of ECS, and of EKS by IPv4 and IPv6.
constexpr std::array<std::string_view, 3> k_agents = {"169.254.170.2", "169.254.170.23",
                                                      "fd00:ec2::23"};

/// On any other way somebody could read the key.
bool is_safe(const http::Url& url) {
  return url.scheme == "https" || is_loopback_host(url.host) ||
         std::find(k_agents.begin(), k_agents.end(), url.host) != k_agents.end();
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::usage, why,
              "write an https URL, or one of this machine or of the container's agent");
}

http::Url parse_full(const std::string& text) {
  http::Url url;
  try {
    url = http::Url::parse(text);
  } catch (const Error& error) {
    refuse(std::string(k_full) + ": " + error.message());
  }
  if (!is_safe(url)) {
    refuse(std::string(k_full) + " names " + url.origin() +
           ", which a key must not come from by plain http");
  }
  return url;
}

std::optional<http::Url> find_agent(const Environment& environment) {
  if (const auto path = environment(k_relative)) {
    if (!path->starts_with('/')) {
      throw Error(ErrorKind::usage, std::string(k_relative) + " does not begin with '/'");
    }
    return http::Url::parse("http://" + std::string(k_agents.front()) + *path);
  }
  const auto text = environment(k_full);
  return text ? std::optional(parse_full(*text)) : std::nullopt;
}

/// What the agent wants to see of whoever asks; empty for an agent that wants nothing.
http::Secret find_authorization(const Environment& environment) {
  if (const auto file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    return http::Secret(read_token(*file));
  }
  auto token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (token.find_first_of("\r\n") != std::string::npos) {
    throw Error(ErrorKind::usage, "AWS_CONTAINER_AUTHORIZATION_TOKEN has a line break in it");
  }
  return http::Secret(std::move(token));
}

} // namespace

std::optional<FoundKey> find_container_key(const KeyLookup& lookup) {
  const auto agent = find_agent(lookup.environment);
  if (!agent) {
    return std::nullopt;
  }
  http::Request request;
  request.url = *agent;
  request.headers = {{"Accept", "application/json"}};
  request.authorization = find_authorization(lookup.environment);
  auto response = ask(lookup.transport, request);
  const auto what = "the container's agent " + agent->origin();
  if (response.status == 429 || response.status >= 500) {
    throw Error(ErrorKind::unavailable, what + " answered " + std::to_string(response.status));
  }
  if (response.status != 200) {
    throw Error(ErrorKind::denied, what + " answered " + std::to_string(response.status),
                "check the role of the container, and its token");
  }
  return parse_json_key(http::read_body(response, k_answer_limit_bytes), "Token", what);
}

} // namespace regctl::objects
