// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::server {

/// The access that a token allows; docker-registry uses the same kinds.
enum class Access { read, write, remove };

/// A clock in seconds that never goes back and also counts while the machine sleeps.
std::int64_t seconds_since_boot() noexcept;

/// Checks users and tokens. Without users every client has all access, as in docker-registry's
/// standalone mode. With users every request but a ping needs a user: by Basic, or on requests for
/// images and tags by a token that an index request with Basic gave. With `public_read` every
/// client can read repositories that are not private. Thread-safe.
///
/// A token is valid for six hours, but not longer than the process runs, and only while its user
/// exists with the same password. A token that was given without a password allows nothing by
/// itself: each use checks whether the repository is public.
class Auth {
public:
  using Clock = std::function<std::int64_t()>; ///< in seconds

  /// An empty `htpasswd` means no users.
  Auth(const std::string& htpasswd, bool public_read, Clock clock = &seconds_since_boot);
  ~Auth();
  Auth(const Auth&) = delete;
  Auth& operator=(const Auth&) = delete;

  /// Reads the file of users again. If that fails, it throws and the users stay as they are.
  void reload();

  [[nodiscard]] bool has_users() const noexcept { return !file_.empty(); }
  /// Whether there is a file of users without a user in it, so that no client has access.
  [[nodiscard]] bool is_locked() const;
  [[nodiscard]] bool is_public_readable() const noexcept { return public_read_; }

  /// Whether the request carries a user's name and password.
  [[nodiscard]] bool is_user(const Request& request) const { return !user_of(request).empty(); }

  struct Token {
    std::string repository; ///< "team/app"
    bool is_user = false;   ///< it was given to a user; otherwise to an anonymous client
  };
  /// The request's token, if this server made it, it is still valid, and it allows `access`
  /// (writing allows reading).
  [[nodiscard]] std::optional<Token> token(const Request& request, Access access) const;

  /// The value of X-Docker-Token that answers a request: 'Token signature=…,repository="team/app",
  /// access=…'. A request that came with a token gets the same one, so that using a token does not
  /// prolong it.
  [[nodiscard]] std::string make_token(const std::string& repository, Access access,
                                       const Request& request) const;

private:
  struct Users;

  [[nodiscard]] std::shared_ptr<Users> users() const;
  [[nodiscard]] std::string user_of(const Request& request) const;
  [[nodiscard]] std::shared_ptr<Users> read_users() const;
  [[nodiscard]] std::string tag_of(const std::string& holder) const;
  [[nodiscard]] std::string sign(const std::string& repository, std::string_view access,
                                 std::int64_t begin_s, const std::string& holder) const;

  std::string file_;
  bool public_read_;
  Clock clock_;
  std::string key_; // new in each process, which ends all older tokens
  std::int64_t start_s_;
  mutable std::mutex mutex_;     ///< guards `users_`
  std::shared_ptr<Users> users_; // shared with requests that run during a reload
};

std::string_view to_string(Access access) noexcept;

} // namespace regctl::server
