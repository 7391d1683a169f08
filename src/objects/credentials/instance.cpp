// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/instance.hpp"

#include "objects/credentials/ask.hpp"
#include "objects/credentials/endpoint.hpp"
#include "objects/credentials/json_key.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>

namespace regctl::objects {

namespace {

constexpr const char* k_token_seconds = "21600"; // the most that the service allows
constexpr std::string_view k_roles = "/latest/meta-data/iam/security-credentials/";

http::Url find_service(const KeyLookup& lookup) {
  const auto find = [&](const char* variable, const char* property) {
    return find_setting(lookup.environment, lookup.profiles, {variable}, property);
  };
  const auto named = find("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
  if (named) {
    try {
      return http::Url::parse(*named);
    } catch (const Error& error) {
      throw Error(ErrorKind::usage, "AWS_EC2_METADATA_SERVICE_ENDPOINT: " + error.message());
    }
  }
  const auto mode =
      find("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
  return http::Url::parse(lower(mode.value_or("")) == "ipv6" ? "http://[fd00:ec2::254]"
                                                             : "http://169.254.169.254");
}

std::chrono::seconds find_timeout(const KeyLookup& lookup) {
  const auto text = find_setting(lookup.environment, lookup.profiles,
                                 {"AWS_METADATA_SERVICE_TIMEOUT"}, "metadata_service_timeout");
  const auto seconds = text ? parse_whole_number<unsigned>(*text) : std::nullopt;
  return std::chrono::seconds(std::max(1U, seconds.value_or(1)));
}

/// Asks one service. A missing answer is none, since most machines have no such service.
class Metadata {
public:
  explicit Metadata(const KeyLookup& lookup)
      : transport_(lookup.transport), service_(find_service(lookup)),
        timeout_(find_timeout(lookup)) {}

  [[nodiscard]] std::string origin() const { return service_.origin(); }

  /// Begins a session, which the other requests need. False if the service gives none; then
  /// reason() says why.
  bool open() {
    auto request = request_of(http::Method::put, "/latest/api/token");
    request.headers.add("x-aws-ec2-metadata-token-ttl-seconds", k_token_seconds);
    request.body = http::text_body("");
    auto token = ask(request);
    token_ = http::Secret(token.value_or(""));
    return token.has_value();
  }

  /// A document; nothing if there is none, and then reason() says why.
  std::optional<std::string> read(std::string_view path) {
    auto request = request_of(http::Method::get, path);
    request.headers.add("x-aws-ec2-metadata-token", token_.reveal());
    return ask(request);
  }

  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
  [[nodiscard]] http::Request request_of(http::Method method, std::string_view path) const {
    http::Request request;
    request.method = method;
    request.url = service_.resolve(path);
    request.stall_timeout = timeout_;
    return request;
  }

  std::optional<std::string> ask(const http::Request& request) {
    auto attempt = transport_.attempt(request);
    if (attempt.error && attempt.error->kind() == ErrorKind::interrupted) {
      throw Error(std::move(*attempt.error));
    }
    if (!attempt.response) {
      reason_ = origin() + " does not answer";
      return std::nullopt;
    }
    if (attempt.response->status != 200) {
      reason_ = request.url.redacted() + " answered " + std::to_string(attempt.response->status);
      return std::nullopt;
    }
    return std::string(trim(http::read_body(*attempt.response, k_answer_limit_bytes)));
  }

  http::Transport& transport_;
  http::Url service_;
  std::chrono::seconds timeout_;
  http::Secret token_;
  std::string reason_;
};

/// The name of a role becomes a part of a URL. Source: IAM API Reference, CreateRole.
bool is_role_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
}

} // namespace

InstanceAnswer ask_instance(const KeyLookup& lookup) {
  if (is_on(lookup.environment("AWS_EC2_METADATA_DISABLED"))) {
    return {std::nullopt, "AWS_EC2_METADATA_DISABLED is true"};
  }
  Metadata metadata(lookup);
  if (!metadata.open()) {
    return {std::nullopt, metadata.reason()};
  }
  const auto roles = metadata.read(k_roles);
  const auto role = roles ? roles->substr(0, roles->find_first_of("\r\n")) : std::string();
  if (!is_role_name(role)) {
    return {std::nullopt, roles ? metadata.origin() + " names no role" : metadata.reason()};
  }
  const auto document = metadata.read(std::string(k_roles) + role);
  if (!document) {
    return {std::nullopt, metadata.reason()};
  }
  return {parse_json_key(*document, "Token",
                         "role '" + role + "' of the instance (" + metadata.origin() + ")"),
          ""};
}

} // namespace regctl::objects
