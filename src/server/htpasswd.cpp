// SPDX-License-Identifier: Apache-2.0
#include "server/htpasswd.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/hash.hpp>

#include <crypt.h>

#include <memory>
#include <sstream>

namespace regctl::server {

namespace {

constexpr std::uint64_t k_file_limit_bytes = 4 * 1024 * 1024;
constexpr std::size_t k_known_limit = 1024;
/// Of no password: an unknown user takes as long as a known one.
constexpr const char* k_nobody = "$2b$05$................................."
                                 "....................";

bool is_bcrypt(const std::string& hash) {
  return hash.size() == 60 &&
         (hash.starts_with("$2y$") || hash.starts_with("$2b$") || hash.starts_with("$2a$"));
}

} // namespace

Htpasswd::Htpasswd(const std::string& file) : key_(random_hex(32)) {
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
  const auto& hash = found == hashes_.end() ? std::string(k_nobody) : found->second;
  const auto state = std::make_unique<crypt_data>(); // 32 KiB: not for a stack
  const char* result = ::crypt_r(password.c_str(), hash.c_str(), state.get());
  if (result == nullptr || found == hashes_.end() || !is_equal_secret(result, hash)) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  if (known_.size() >= k_known_limit) {
    known_.clear();
  }
  known_.insert(proof);
  return true;
}

} // namespace regctl::server
