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

/// What a token allows, as docker-registry writes it in one.
enum class Access { read, write, remove };

/// Seconds that only go forward, also while the machine sleeps.
std::int64_t seconds_since_boot() noexcept;

/// Who may do what. Without users everybody may do everything, as with the original in standalone
/// mode. With users every request but a ping needs a user, by Basic or, on requests for images and
/// tags, by a token that an index request with Basic gave; with `public_read` repositories that are
/// not private may be read by everybody. Thread-safe.
///
/// A token is good for six hours, as long as the process runs, and as long as the user who got it
/// is there with the same password. One that nobody's password gave opens nothing by itself:
/// whether its repository may be read by everybody is asked each time.
class Auth {
public:
  using Clock = std::function<std::int64_t()>; ///< in seconds

  /// An empty `htpasswd` means no users.
  Auth(const std::string& htpasswd, bool public_read, Clock clock = &seconds_since_boot);
  ~Auth();
  Auth(const Auth&) = delete;
  Auth& operator=(const Auth&) = delete;

  /// Reads the file again; if that fails the users stay as they are, and the error is thrown.
  void reload();

  [[nodiscard]] bool has_users() const noexcept { return !file_.empty(); }
  /// Whether nobody can be let in, since the file of users names none.
  [[nodiscard]] bool is_locked() const;
  [[nodiscard]] bool is_public_readable() const noexcept { return public_read_; }

  /// Whether the request carries a user's name and password.
  [[nodiscard]] bool is_user(const Request& request) const { return !user_of(request).empty(); }

  struct Token {
    std::string repository; ///< "team/app"
    bool is_user = false;   ///< whether a user got it; if not, it is anybody's
  };
  /// The request's token, if it is ours, still good, and allows `access` (writing allows reading).
  [[nodiscard]] std::optional<Token> token(const Request& request, Access access) const;

  /// The value of X-Docker-Token that answers a request: 'Token signature=…,repository="team/app",
  /// access=…'. Of a request that came with a token it is that one: none lives longer by being
  /// used.
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
  std::string key_; // tokens die with the process
  std::int64_t start_s_;
  mutable std::mutex mutex_;     ///< guards `users_`
  std::shared_ptr<Users> users_; // shared with requests that run while it is replaced
};

std::string_view to_string(Access access) noexcept;

} // namespace regctl::server
