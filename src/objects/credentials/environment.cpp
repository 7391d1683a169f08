// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/environment.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>

namespace regctl::objects {

namespace {

/// The variables of a key, of which docker-registry has no third.
struct Variables {
  const char* id;
  const char* secret;
  const char* session_token;
};
constexpr Variables k_amazon = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
constexpr Variables k_docker_registry = {"AWS_KEY", "AWS_SECRET", nullptr};

/// The value of a variable. Files that secrets come from often end with a line break.
std::optional<std::string> find(const Environment& environment, const char* name) {
  const auto value = name == nullptr ? std::nullopt : environment(name);
  const auto text = trim(value ? std::string_view(*value) : std::string_view());
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::optional<FoundKey> find_key(const Environment& environment, const Variables& names) {
  const auto id = find(environment, names.id);
  const auto secret = find(environment, names.secret);
  if (!id || !secret) {
    return std::nullopt;
  }
  const auto token = find(environment, names.session_token);
  return FoundKey{
      {*id, http::Secret(*secret), http::Secret(token.value_or(""))}, std::nullopt, names.id};
}

} // namespace

std::optional<FoundKey> find_amazon_key(const Environment& environment) {
  const bool has_id = find(environment, k_amazon.id).has_value();
  if (has_id != find(environment, k_amazon.secret).has_value()) {
    throw Error(ErrorKind::usage,
                std::string(has_id ? k_amazon.id : k_amazon.secret) + " is set, but " +
                    (has_id ? k_amazon.secret : k_amazon.id) + " is not, or is empty",
                "set both, or neither; in CI, see that the job gets the secret");
  }
  return find_key(environment, k_amazon);
}

std::optional<FoundKey> find_environment_key(const Environment& environment) {
  auto key = find_amazon_key(environment);
  return key ? key : find_key(environment, k_docker_registry);
}

} // namespace regctl::objects
