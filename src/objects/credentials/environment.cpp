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

enum class Half { error, nothing }; ///< what one variable without the other is

std::optional<FoundKey> find_key(const Environment& environment, const Variables& names,
                                 Half half) {
  const auto id = find(environment, names.id);
  const auto secret = find(environment, names.secret);
  if (id.has_value() != secret.has_value() && half == Half::error) {
    throw Error(ErrorKind::usage,
                std::string(id ? names.id : names.secret) + " is set, but " +
                    (id ? names.secret : names.id) + " is not, or is empty",
                "set both, or neither; in CI, see that the job gets the secret");
  }
  if (!id || !secret) {
    return std::nullopt;
  }
  const auto token = find(environment, names.session_token);
  return FoundKey{
      {*id, http::Secret(*secret), http::Secret(token.value_or(""))}, std::nullopt, names.id};
}

} // namespace

std::optional<FoundKey> find_amazon_key(const Environment& environment) {
  return find_key(environment, k_amazon, Half::error);
}

std::optional<FoundKey> find_environment_key(const Environment& environment, KeyVariables first) {
  if (first == KeyVariables::docker_registry) {
    auto key = find_key(environment, k_docker_registry, Half::error);
    return key ? key : find_amazon_key(environment);
  }
  auto key = find_amazon_key(environment);
  return key ? key : find_key(environment, k_docker_registry, Half::nothing);
}

} // namespace regctl::objects
