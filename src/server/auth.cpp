// SPDX-License-Identifier: Apache-2.0
#include "server/auth.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/http/secret.hpp>

#include <ctime>
#include <optional>

namespace regctl::server {

namespace {

constexpr std::int64_t k_seconds_per_hour = 3600;
constexpr std::int64_t k_token_hours = 6;
constexpr std::size_t k_signature_digits = 32;
constexpr std::string_view k_token_scheme = "Token ";

std::int64_t this_hour() {
  return static_cast<std::int64_t>(std::time(nullptr)) / k_seconds_per_hour;
}

/// The value of `key` in 'signature=ABC,repository="team/app",access=read'.
std::string member(std::string_view token, std::string_view key) {
  for (std::size_t begin = 0; begin < token.size();) {
    const auto end = std::min(token.find(',', begin), token.size());
    auto part = token.substr(begin, end - begin);
    begin = end + 1;
    if (part.starts_with(key) && part.substr(key.size()).starts_with('=')) {
      part.remove_prefix(key.size() + 1);
      if (part.size() >= 2 && part.front() == '"' && part.back() == '"') {
        part = part.substr(1, part.size() - 2);
      }
      return std::string(part);
    }
  }
  return {};
}

std::shared_ptr<Htpasswd> read_users(const std::string& file) {
  return file.empty() ? nullptr : std::make_shared<Htpasswd>(file);
}

} // namespace

std::string_view to_string(Access access) noexcept {
  switch (access) {
  case Access::read:
    return "read";
  case Access::write:
    return "write";
  case Access::remove:
    return "delete";
  }
  return "";
}

Auth::Auth(const std::string& htpasswd, bool public_read)
    : file_(htpasswd), public_read_(public_read), key_(random_hex(32)),
      users_(read_users(htpasswd)) {}

void Auth::reload() {
  auto users = read_users(file_);
  const std::lock_guard lock(mutex_);
  users_ = std::move(users);
}

bool Auth::is_locked() const {
  const std::lock_guard lock(mutex_);
  return users_ && users_->is_empty();
}

bool Auth::is_user(const Request& request) const {
  std::shared_ptr<Htpasswd> users;
  {
    const std::lock_guard lock(mutex_);
    users = users_;
  }
  const auto value = request.header("Authorization").value_or("");
  constexpr std::string_view k_basic = "Basic ";
  if (!users || !value.starts_with(k_basic)) {
    return false;
  }
  try {
    const auto pair = http::base64_decode(std::string_view(value).substr(k_basic.size()));
    const auto colon = pair.find(':');
    return colon != std::string::npos && colon > 0 &&
           users->is_right(pair.substr(0, colon), pair.substr(colon + 1));
  } catch (const Error&) { // not base64
    return false;
  }
}

std::string Auth::sign(const std::string& repository, std::string_view access,
                       std::int64_t hour) const {
  const auto text = repository + "\n" + std::string(access) + "\n" + std::to_string(hour);
  return hmac_sha256_hex(key_, text).substr(0, k_signature_digits);
}

std::string Auth::token_repository(const Request& request, Access access) const {
  const auto value = request.header("Authorization").value_or("");
  std::string_view token = value;
  while (token.starts_with(k_token_scheme)) { // engines write it twice
    token.remove_prefix(k_token_scheme.size());
  }
  const auto repository = member(token, "repository");
  const auto signature = member(token, "signature");
  const auto granted = member(token, "access");
  const bool is_enough =
      granted == to_string(access) || (access == Access::read && granted == "write");
  if (!value.starts_with(k_token_scheme) || repository.empty() || !is_enough) {
    return {};
  }
  for (std::int64_t age = 0; age <= k_token_hours; ++age) {
    if (is_equal_secret(signature, sign(repository, granted, this_hour() - age))) {
      return repository;
    }
  }
  return {};
}

std::string Auth::make_token(const std::string& repository, Access access) const {
  return std::string(k_token_scheme) +
         "signature=" + sign(repository, to_string(access), this_hour()) + ",repository=\"" +
         repository + "\",access=" + std::string(to_string(access));
}

} // namespace regctl::server
