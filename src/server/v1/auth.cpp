// SPDX-License-Identifier: Apache-2.0
#include "server/v1/auth.hpp"

#include "server/http/htpasswd.hpp"

#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <vector>

namespace regctl::server {

namespace {

constexpr std::int64_t k_token_life_s = 6L * 60 * 60;
constexpr std::string_view k_basic = "Basic ";
constexpr std::string_view k_token_scheme = "Token ";

// A signature has 32 digits, as in docker-registry: the time when it was made; a tag of its holder,
// which selects the users to try; and the authentication code.
constexpr std::size_t k_time_digits = 8;
constexpr std::size_t k_tag_digits = 4;
constexpr std::size_t k_code_digits = 20;

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

std::string print_time(std::int64_t seconds) {
  std::string text(k_time_digits, '0');
  std::array<char, 2 * k_time_digits> digits{};
  constexpr int k_hexadecimal = 16;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), seconds, k_hexadecimal);
  const std::string_view printed(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return text.replace(text.size() - std::min(printed.size(), text.size()), printed.size(), printed);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  constexpr int k_hexadecimal = 16;
  return parse_whole_number<std::int64_t>(text, k_hexadecimal);
}

} // namespace

std::int64_t seconds_since_boot() noexcept {
  timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

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

struct Auth::Users {
  Htpasswd passwords;
  /// The holders of tokens (name and hash of each user), by their tag_of().
  std::multimap<std::string, std::string> holders;

  explicit Users(const std::string& file) : passwords(file) {}
};

namespace {

std::string holder_of(const std::string& user, const std::string& hash) {
  return user + ":" + hash; // neither a name nor a hash has a colon
}

} // namespace

Auth::Auth(const std::string& htpasswd, bool public_read, Clock clock)
    : file_(htpasswd), public_read_(public_read), clock_(std::move(clock)), key_(random_hex(32)),
      start_s_(clock_()), users_(read_users()) {}

Auth::~Auth() = default;

std::shared_ptr<Auth::Users> Auth::read_users() const {
  if (file_.empty()) {
    return nullptr;
  }
  auto users = std::make_shared<Users>(file_);
  for (const auto& [user, hash] : users->passwords.hashes()) {
    const auto holder = holder_of(user, hash);
    users->holders.emplace(tag_of(holder), holder);
  }
  return users;
}

void Auth::reload() {
  auto users = read_users();
  const std::lock_guard lock(mutex_);
  users_ = std::move(users);
}

std::shared_ptr<Auth::Users> Auth::users() const {
  const std::lock_guard lock(mutex_);
  return users_;
}

bool Auth::is_locked() const {
  const auto known = users();
  return known && known->passwords.is_empty();
}

/// The holder of the request if it has a user's name and password; else "".
std::string Auth::user_of(const Request& request) const {
  const auto known = users();
  const auto value = request.header("Authorization").value_or("");
  if (!known || !value.starts_with(k_basic)) {
    return {};
  }
  try {
    const auto pair = base64_decode(std::string_view(value).substr(k_basic.size()));
    const auto colon = pair.find(':');
    const auto user = pair.substr(0, colon);
    if (colon == std::string::npos || user.empty() ||
        !known->passwords.is_right(user, pair.substr(colon + 1))) {
      return {};
    }
    return holder_of(user, known->passwords.hashes().at(user));
  } catch (const Error&) { // not base64
    return {};
  }
}

std::string Auth::tag_of(const std::string& holder) const {
  return hmac_sha256_hex(key_, "tag\n" + holder).substr(0, k_tag_digits);
}

std::string Auth::sign(const std::string& repository, std::string_view access, std::int64_t begin_s,
                       const std::string& holder) const {
  const auto text = "token\n" + std::to_string(repository.size()) + "\n" + repository + "\n" +
                    std::string(access) + "\n" + std::to_string(begin_s) + "\n" + holder;
  return print_time(begin_s) + tag_of(holder) +
         hmac_sha256_hex(key_, text).substr(0, k_code_digits);
}

std::optional<Auth::Token> Auth::token(const Request& request, Access access) const {
  const auto value = request.header("Authorization").value_or("");
  std::string_view token = value;
  while (token.starts_with(k_token_scheme)) { // engines write it twice
    token.remove_prefix(k_token_scheme.size());
  }
  auto repository = member(token, "repository");
  const auto signature = member(token, "signature");
  const auto granted = member(token, "access");
  const bool is_enough =
      granted == to_string(access) || (access == Access::read && granted == "write");
  if (!value.starts_with(k_token_scheme) || repository.empty() || !is_enough ||
      signature.size() != k_time_digits + k_tag_digits + k_code_digits) {
    return std::nullopt;
  }
  const auto begin_s = parse_time(std::string_view(signature).substr(0, k_time_digits));
  const auto age_s = clock_() - start_s_ - begin_s.value_or(0);
  if (!begin_s || age_s < 0 || age_s > k_token_life_s) {
    return std::nullopt;
  }
  const auto is_of = [&](const std::string& holder) {
    return is_equal_secret(signature, sign(repository, granted, *begin_s, holder));
  };
  if (is_of("")) {
    return Token{std::move(repository), false};
  }
  if (const auto known = users()) {
    const auto [first, last] =
        known->holders.equal_range(signature.substr(k_time_digits, k_tag_digits));
    if (std::any_of(first, last, [&](const auto& entry) { return is_of(entry.second); })) {
      return Token{std::move(repository), true};
    }
  }
  return std::nullopt;
}

std::string Auth::make_token(const std::string& repository, Access access,
                             const Request& request) const {
  const auto there = token(request, access);
  if (there && there->repository == repository) {
    auto value = request.header("Authorization").value_or("");
    while (value.starts_with(std::string(k_token_scheme) + std::string(k_token_scheme))) {
      value.erase(0, k_token_scheme.size());
    }
    return value;
  }
  return std::string(k_token_scheme) +
         "signature=" + sign(repository, to_string(access), clock_() - start_s_, user_of(request)) +
         ",repository=\"" + repository + "\",access=" + std::string(to_string(access));
}

} // namespace regctl::server
