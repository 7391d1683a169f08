// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/challenge.hpp"

#include <regctl/base/text.hpp>
#include <regctl/http/challenge.hpp>

namespace regctl::registry::v2 {

namespace {

std::string parameter(const http::Challenge& challenge, const std::string& name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? std::string() : found->second;
}

Scopes split_scopes(const std::string& text) {
  Scopes scopes;
  for (const auto scope : split(text, ' ')) {
    if (!scope.empty()) {
      scopes.emplace_back(scope);
    }
  }
  sort_and_unite(scopes);
  return scopes;
}

} // namespace

std::optional<Demand> choose_challenge(const http::Headers& headers) {
  std::optional<Demand> chosen;
  for (const auto& value : headers.all("WWW-Authenticate")) {
    for (const auto& challenge : http::parse_challenges(value)) {
      const auto realm = parameter(challenge, "realm");
      if (challenge.scheme == "bearer" && !realm.empty()) {
        return Demand{Demand::Kind::bearer, realm, parameter(challenge, "service"),
                      split_scopes(parameter(challenge, "scope"))};
      }
      if (challenge.scheme == "basic") {
        chosen = Demand{};
      }
    }
  }
  return chosen;
}

Scopes unite(const Scopes& first, const Scopes& second) {
  auto all = first;
  all.insert(all.end(), second.begin(), second.end());
  sort_and_unite(all);
  return all;
}

} // namespace regctl::registry::v2
