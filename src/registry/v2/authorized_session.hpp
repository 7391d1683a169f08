// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/connection.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/message.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::registry::v2 {

/// An answer whose body was read whole if its status is a success.
struct WholeAnswer {
  http::Response response; ///< of a refusal, with its body
  std::string body;
};

/// Sends requests about one repository, or about the registry itself, with the authorization that
/// the registry wants.
///
/// The first request goes without any. A 401 tells whether the registry wants Basic or a token, and
/// from then on every request has it. A refused token is fetched anew, with the scope that the
/// challenge names; a request that is refused twice more is refused for good. A registry may answer
/// an expired token by 400 without a challenge (Amazon ECR Public). Requests to other hosts, which
/// the registry names, carry no authorization. Thread-safe.
class AuthorizedSession {
public:
  /// `repository` is "team/app", or empty for the registry itself. Throws the errors of looking up
  /// the credential.
  AuthorizedSession(std::shared_ptr<Connection> connection, std::string repository);

  [[nodiscard]] Connection& connection() const noexcept { return *connection_; }
  [[nodiscard]] const std::optional<http::Credential>& credential() const noexcept {
    return credential_;
  }
  /// "host:5000/team/app", or the host.
  [[nodiscard]] std::string describe() const;

  /// A request for `path` below the repository: "manifests/1.0".
  [[nodiscard]] http::Request request(http::Method method, std::string_view path) const;

  /// The scopes of a request that does `actions` ("pull", "pull,push", "delete") to the repository.
  [[nodiscard]] Scopes scopes(std::string_view actions) const;
  /// The same for another repository of this registry.
  [[nodiscard]] Scopes scopes_of(const std::string& repository, std::string_view actions) const;
  /// The name of a repository in paths: Docker Hub keeps those of one part in "library/".
  [[nodiscard]] std::string api_name(const std::string& repository) const;

  /// Returns the answer with any status, also 401 and 403. Throws Error{denied} if the token
  /// service refuses.
  http::Response send(http::Request request, const Scopes& scopes);

  /// Sends a request that cleans up after an interruption: once, with the token that is there, and
  /// without much patience. Nobody learns whether it succeeds.
  void send_last(http::Request request, const Scopes& scopes) noexcept;

  /// As send(), and reads a body that is not cut; `limit_bytes` as of http::read_body().
  WholeAnswer send_for_body(const http::Request& request, const Scopes& scopes,
                            std::uint64_t limit_bytes);

  /// Throws the Error for an unsuccessful answer: "WHAT: …", or that access is denied.
  [[noreturn]] void fail(http::Response& response, const std::string& what) const;

  /// Whether mounts from that repository were refused before.
  bool is_mount_refused(const std::string& from);
  void refuse_mounts(const std::string& from);

private:
  struct Grant {
    http::Secret authorization = {};
    std::shared_ptr<Token> token = {}; ///< null: Basic, or none
  };

  [[nodiscard]] bool is_elsewhere(const http::Request& request) const;
  Grant authorize(const Scopes& scopes);
  [[nodiscard]] http::Secret known_authorization(const Scopes& scopes);
  bool renew(http::Response& response, const Grant& grant, const Scopes& scopes);

  std::shared_ptr<Connection> connection_;
  const std::string repository_;
  const std::optional<http::Credential> credential_;
  std::mutex mutex_; ///< guards refused_mounts_
  LimitedSet refused_mounts_;
};

} // namespace regctl::registry::v2
