// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <semaphore>
#include <set>
#include <string>

namespace regctl::server {

/// The users of a file as `htpasswd -B` writes it: NAME:BCRYPT, one a line, '#' before comments.
/// A password is hashed once; that it was right is remembered (as a keyed hash), since bcrypt takes
/// a tenth of a second by design and a push makes hundreds of requests. Who guesses has half of the
/// processors at most. Thread-safe.
class Htpasswd {
public:
  /// Throws Error{usage} naming file and line for anything else than bcrypt, Error{not_found}.
  explicit Htpasswd(const std::string& file);

  [[nodiscard]] bool is_empty() const noexcept { return hashes_.empty(); }

  /// What the file has for each user: another text once the password is changed.
  [[nodiscard]] const std::map<std::string, std::string>& hashes() const noexcept {
    return hashes_;
  }

  [[nodiscard]] bool is_right(const std::string& user, const std::string& password);

private:
  std::map<std::string, std::string> hashes_; // by user
  std::string key_;                           // of this process
  std::counting_semaphore<> hashing_;         // how many passwords may be hashed at once
  std::mutex mutex_;                          ///< guards `known_`
  std::set<std::string> known_;
};

} // namespace regctl::server
