// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl::registry::v2 {

/// What a token must allow: "repository:team/app:pull"; sorted, each once.
using Scopes = std::vector<std::string>;

/// The way in which a registry wants its clients to show who they are.
struct Demand {
  enum class Kind { basic, bearer };
  Kind kind = Kind::basic;
  std::string realm = {};   ///< of Bearer: URL of the token service
  std::string service = {}; ///< of Bearer; may be empty
  Scopes scopes = {};       ///< those that the refused request needs, if the registry said so
};

/// The challenge to follow among those of an answer: Bearer with a realm, else Basic; nothing if
/// there is neither. Others, such as Negotiate, are passed over.
std::optional<Demand> choose_challenge(const http::Headers& headers);

/// The scopes of both.
Scopes unite(const Scopes& first, const Scopes& second);

} // namespace regctl::registry::v2
