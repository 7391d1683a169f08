// SPDX-License-Identifier: Apache-2.0
#include "server/http/htpasswd.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/hash.hpp>

#include <crypt.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <thread>

namespace regctl::server {

namespace {

constexpr std::uint64_t k_file_limit_bytes = 4 * 1024 * 1024;
constexpr const char* k_nobody = "$2b$05$................................."
                                 "...................."; // no password has this hash

bool is_bcrypt(const std::string& hash) {
  return hash.size() == 60 &&
         (hash.starts_with("$2y$") || hash.starts_with("$2b$") || hash.starts_with("$2a$"));
}

/// Holds one place of a semaphore.
class Place {
public:
  explicit Place(std::counting_semaphore<>& places) : places_(places) { places_.acquire(); }
  ~Place() { places_.release(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

private:
  std::counting_semaphore<>& places_;
};

/// Whether `hash` is bcrypt's hash of the password. A password with a NUL never matches, since
/// bcrypt would read only up to it.
bool hashes_to(const std::string& password, const std::string& hash) {
  const auto state = std::make_unique<crypt_data>(); // 32 KiB: too large for the stack
  const char* result = ::crypt_r(password.c_str(), hash.c_str(), state.get());
  return result != nullptr && password.find('\0') == std::string::npos &&
         is_equal_secret(result, hash);
}

} // namespace

Htpasswd::Htpasswd(const std::string& file)
    : key_(random_hex(32)), hashing_(std::max(1U, std::thread::hardware_concurrency() / 2)) {
  std::istringstream lines(read_file(file, k_file_limit_bytes));
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string::npos || !is_bcrypt(line.substr(colon + 1))) {
      throw Error(ErrorKind::usage,
                  "'" + file + "' line " + std::to_string(number) + " is not NAME:BCRYPT",
                  "write it with: htpasswd -B FILE NAME");
    }
    hashes_[line.substr(0, colon)] = line.substr(colon + 1);
  }
}

bool Htpasswd::is_right(const std::string& user, const std::string& password) {
  const auto proof = hmac_sha256_hex(key_, user + ":" + password);
  {
    const std::lock_guard lock(mutex_);
    if (known_.contains(proof)) {
      return true;
    }
  }
  const auto found = hashes_.find(user);
  // An unknown user takes as long as a known one, so that the time does not reveal names.
  const auto somebody = hashes_.empty() ? std::string(k_nobody) : hashes_.begin()->second;
  {
    const Place place(hashing_);
    const bool is_match = hashes_to(password, found == hashes_.end() ? somebody : found->second);
    if (!is_match || found == hashes_.end()) {
      return false;
    }
  }
  const std::lock_guard lock(mutex_);
  known_.insert(proof);
  return true;
}

} // namespace regctl::server
