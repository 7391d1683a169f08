// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v1/endpoints.hpp"
#include "registry/v1/json_candidates.hpp"

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

/// Lets what writes a repository's index (announcement, end of a push, tags, removal) go one
/// request at a time. Requests that write the same index at once break docker-registry 0.9 with a
/// search database: it answers 500 to one of them. The locks are few, so that memory does not grow
/// with the number of repositories. Thread-safe.
class IndexTurns {
public:
  /// Waits for the turn of `repository`, which ends with the lock.
  [[nodiscard]] std::unique_lock<std::mutex> take(const std::string& repository);

private:
  std::array<std::mutex, 64> mutexes_;
};

/// How one registry is reached. Immutable but for the turns.
struct Connection {
  http::Transport& transport; ///< outlives every connection
  http::Url base;
  std::string host;
  Registry::CredentialFor credential_for;
  Ping ping;
  std::shared_ptr<Endpoints> endpoints;
  std::shared_ptr<IndexTurns> index_turns = std::make_shared<IndexTurns>(); ///< of all its sessions
};

/// "/v1/repositories/library/app" for "app": the path of a repository, percent-encoded, without a
/// final slash.
std::string repository_path(std::string_view name);

/// A GET of `target`, a path with or without a query.
http::Request get(std::string target);

/// Requests about one repository and its images, with whatever authorization its server wants.
///
/// Index requests (`PUT repositories/…`, `GET …/images`, users, search) carry Basic and
/// `X-Docker-Token: true`; what they answer (X-Docker-Token, X-Docker-Endpoints) is used for image
/// and tag requests. Tokens for reading, writing and removing are kept apart, since docker-registry
/// in token mode refuses the one for the other. A 401 is answered once with a fresh token, or with
/// Basic where the challenge asks for it (nginx in front), which then stays. Without a credential a
/// token is asked for all the same, where one is offered: what everybody may read has tokens for
/// everybody. The password goes to the registry itself; endpoints get tokens, unless the user
/// trusts them. Cookies stay in the session: Quay keeps in one of them which repository the last
/// index request was about. Thread-safe. Source: docker-registry 0.9.1 and engines 1.3 to 1.9 as
/// recorded; registry-v1 section 5.
class RepositorySession {
public:
  enum class Need { read, write, remove };

  RepositorySession(std::shared_ptr<const Connection> connection, std::string repository);

  [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }
  [[nodiscard]] const std::string& repository() const noexcept { return repository_; }

  /// "host:5000/team/app".
  [[nodiscard]] std::string describe() const;

  /// An index request at the registry itself. Its answer's token is kept for `need`. Any status but
  /// 401 is returned.
  http::Response send_index(http::Request request, Need need);

  /// A request for an image or a tag at an endpoint that the index named (see Endpoints), else at
  /// the registry itself; only target, method, headers and body of `request` need be set. Where the
  /// endpoint turns out to be dead it goes to the next. Throws Error{denied} for a 401 that stays,
  /// and for a 403.
  http::Response send(http::Request request, Need need);

  /// How the JSONs of this repository were written before the server re-encoded them.
  [[nodiscard]] LearntStyle& json_style() noexcept { return json_style_; }

  /// What `PUT repositories/NS/NAME/` sends when a write token is wanted; "[]" until set.
  void set_announcement(std::string body);

private:
  struct Tried {
    http::Secret authorization;
    bool is_basic = false;
    bool may_be_basic = true; ///< the host is one that the registry's password is for
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
  std::mutex mutex_;   ///< guards what follows
  std::string announcement_ = "[]";
  std::vector<http::Url> named_endpoints_;
  std::array<http::Secret, 3> tokens_; ///< by Need
  bool basic_only_ = false;
  bool asked_index_ = false;
};

} // namespace regctl::registry::v1
