// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <semaphore>
#include <string>

namespace regctl::server {

/// The users in a file written by `htpasswd -B`: NAME:BCRYPT on each line; comments begin with '#'.
/// Each correct password is hashed once and then remembered by a keyed hash, since bcrypt takes a
/// tenth of a second by design and a push makes hundreds of requests. Wrong passwords can occupy at
/// most half of the processors. Thread-safe.
class Htpasswd {
public:
  /// Throws Error{usage} naming file and line for an entry that is not bcrypt's, Error{not_found}.
  explicit Htpasswd(const std::string& file);

  [[nodiscard]] bool is_empty() const noexcept { return hashes_.empty(); }

  /// Each user's entry in the file. It changes when the password does.
  [[nodiscard]] const std::map<std::string, std::string>& hashes() const noexcept {
    return hashes_;
  }

  [[nodiscard]] bool is_right(const std::string& user, const std::string& password);

private:
  static constexpr std::size_t k_known_limit = 1024;

  std::map<std::string, std::string> hashes_; // by user
  std::string key_;                           // a random key of this process
  std::counting_semaphore<> hashing_;         // how many passwords may be hashed at the same time
  std::mutex mutex_;                          ///< guards `known_`
  LimitedSet known_{k_known_limit};
};

} // namespace regctl::server
