// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/htpasswd.hpp"
#include "server/message.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace regctl::server {

/// What a token allows, as docker-registry writes it in one.
enum class Access { read, write, remove };

/// Who may do what. Without users everybody may do everything, as with the original in standalone
/// mode. With users every request but a ping needs a user, by Basic or, on requests for images and
/// tags, by a token that an index request with Basic gave; with `public_read` repositories that are
/// not private may be read by everybody. Thread-safe.
class Auth {
public:
  /// An empty `htpasswd` means no users.
  Auth(const std::string& htpasswd, bool public_read);

  /// Reads the file again; if that fails the users stay as they are, and the error is thrown.
  void reload();

  [[nodiscard]] bool has_users() const noexcept { return !file_.empty(); }
  /// Whether nobody can be let in, since the file of users names none.
  [[nodiscard]] bool is_locked() const;
  [[nodiscard]] bool is_public_readable() const noexcept { return public_read_; }

  /// Whether the request carries a user's name and password.
  [[nodiscard]] bool is_user(const Request& request) const;

  /// The repository of the request's token, if the token is ours, not over six hours old and allows
  /// `access` (writing allows reading); else "".
  [[nodiscard]] std::string token_repository(const Request& request, Access access) const;

  /// The value of X-Docker-Token for a repository ("team/app"): 'Token signature=…,repository=…,
  /// access=…'.
  [[nodiscard]] std::string make_token(const std::string& repository, Access access) const;

private:
  [[nodiscard]] std::string sign(const std::string& repository, std::string_view access,
                                 std::int64_t hour) const;

  std::string file_;
  bool public_read_;
  std::string key_;                 // tokens die with the process
  mutable std::mutex mutex_;        ///< guards `users_`
  std::shared_ptr<Htpasswd> users_; // shared with requests that run while it is replaced
};

std::string_view to_string(Access access) noexcept;

} // namespace regctl::server
