// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v1/endpoints.hpp"
#include "registry/v1/json_candidates.hpp"

#include <regctl/base/key_locks.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::registry::v1 {

/// Serialises requests that write a repository's index: announcement, end of a push, tags, removal.
/// Parallel ones break docker-registry 0.9 with a search database, which answers 500 to one of
/// them. Thread-safe.
class IndexTurns {
public:
  /// Waits for the turn of `repository`. The turn ends when the lock is destroyed.
  [[nodiscard]] std::unique_lock<std::mutex> take(const std::string& repository);

private:
  KeyLocks locks_;
};

/// The data for reaching one registry. Immutable except for the turns and endpoints, which are
/// thread-safe.
struct Connection {
  http::Transport& transport; ///< outlives every connection
  http::Url base;
  std::string host;
  Registry::CredentialFor credential_for;
  Ping ping;
  std::shared_ptr<Endpoints> endpoints;
  std::shared_ptr<IndexTurns> index_turns = std::make_shared<IndexTurns>(); ///< of all sessions
};

/// The path of a repository, percent-encoded, without a final slash: "/v1/repositories/library/app"
/// for "app".
std::string repository_path(std::string_view name);

/// A GET of `target`, a path with or without a query.
http::Request get(std::string target);

/// Sends requests about one repository and its images, with the authorization that the server
/// wants.
///
/// Index requests (`PUT repositories/…`, `GET …/images`, users, search) carry Basic and
/// `X-Docker-Token: true`. The token and the endpoints in their answers are used for requests for
/// images and tags. Tokens for reading, writing and removing are kept apart, because
/// docker-registry in token mode accepts each only for its own purpose.
///
/// After a 401 the request is repeated with a fresh token, or with Basic if the challenge asks for
/// it (nginx in front); Basic is then used for all later requests. Without a credential the session
/// asks for a token too, because public repositories give tokens to anonymous clients. Only the
/// registry itself gets the password; endpoints get tokens, unless the user trusts them. Cookies
/// stay in the session: in one of them Quay keeps the repository of the last index request.
/// Thread-safe. Source: docker-registry 0.9.1 and engines 1.3 to 1.9 as recorded; registry-v1
/// section 5.
class RepositorySession {
public:
  enum class Need { read, write, remove };

  RepositorySession(std::shared_ptr<const Connection> connection, std::string repository);

  [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }
  [[nodiscard]] const std::string& repository() const noexcept { return repository_; }

  /// "host:5000/team/app".
  [[nodiscard]] std::string describe() const;

  /// Sends an index request to the registry itself, and keeps the token of the answer for `need`.
  /// Returns any status but 401. Throws Error{denied} for a 401.
  http::Response send_index(http::Request request, Need need);

  /// Sends a request for an image or a tag to an endpoint that the index named (see Endpoints),
  /// else to the registry itself. Only target, method, headers and body of `request` need be set.
  /// If the endpoint is dead the request goes to the next. Throws Error{denied} for a 403, and for
  /// a 401 that no authorization helps against.
  http::Response send(http::Request request, Need need);

  /// The style in which this repository's JSONs were pushed, before the server printed them again.
  [[nodiscard]] LearntStyle& json_style() noexcept { return json_style_; }

  /// The body of `PUT repositories/NS/NAME/` when a write token is requested; "[]" until set.
  void set_announcement(std::string body);

private:
  struct Tried {
    http::Secret authorization;
    bool is_basic = false;
    bool may_be_basic = true; ///< the host may get the registry's password
  };

  http::Response exchange(http::Request& request);
  void ask_index_first(Need need);
  http::Secret& token(Need need) { return tokens_.at(static_cast<std::size_t>(need)); }
  std::vector<http::Url> named_endpoints();
  std::optional<http::Response> send_unless_dead(http::Request& request,
                                                 const std::optional<http::Url>& endpoint,
                                                 const std::vector<http::Url>& named);
  template <class Body>
  http::Response in_context_of(const std::optional<http::Url>& endpoint, Body&& body) const;
  Tried choose(Need need, const std::optional<http::Url>& endpoint);
  bool renew(Need need, const http::Response& refused, const Tried& tried);
  void request_token(Need need);
  void learn(const http::Response& response, Need need);
  [[noreturn]] void deny_at(const std::optional<http::Url>& endpoint,
                            http::Response& response) const;
  [[noreturn]] void deny(http::Response& response) const;

  std::shared_ptr<const Connection> connection_;
  std::string repository_;
  const std::optional<http::Credential> credential_;
  std::shared_ptr<http::OriginShares> cookies_ = http::make_cookie_jar();
  LearntStyle json_style_;

  std::mutex renewal_; ///< held while a token is fetched, so that one thread fetches for all
  std::mutex mutex_;   ///< guards the members below
  std::string announcement_ = "[]";
  std::vector<http::Url> named_endpoints_;
  std::array<http::Secret, 3> tokens_; ///< by Need
  bool basic_only_ = false;
  bool asked_index_ = false;
};

} // namespace regctl::registry::v1
