// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/time.hpp>

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace regctl {

namespace {

/// Takes `digits` digits off the front of `text`, and then `separator` unless that is 0.
std::optional<int> take(std::string_view& text, std::size_t digits, char separator) {
  int value = 0;
  if (text.size() < digits) {
    return std::nullopt;
  }
  const auto [rest, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || rest != text.data() + digits || value < 0) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  if (separator != '\0') {
    if (!text.starts_with(separator)) {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  return value;
}

/// "Z", "+02:00", "-07:30" as seconds east of Greenwich.
std::optional<std::int64_t> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") {
    return 0;
  }
  if (!text.starts_with('+') && !text.starts_with('-')) {
    return std::nullopt;
  }
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take(text, 2, ':');
  const auto minutes = take(text, 2, '\0');
  if (!hours || !minutes || !text.empty()) {
    return std::nullopt;
  }
  return sign * (*hours * 3600LL + *minutes * 60LL);
}

} // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const auto year = take(text, 4, '-');
  const auto month = take(text, 2, '-');
  const auto day = take(text, 2, 'T');
  const auto hour = take(text, 2, ':');
  const auto minute = take(text, 2, ':');
  const auto second = take(text, 2, '\0');
  if (!year || !month || !day || !hour || !minute || !second || *month < 1 || *month > 12 ||
      *day < 1 || *day > 31 || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  if (text.starts_with('.')) {
    const auto end = text.find_first_not_of("0123456789", 1);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
  }
  const auto offset = take_offset(text);
  if (!offset) {
    return std::nullopt;
  }
  std::tm parts = {};
  parts.tm_year = *year - 1900;
  parts.tm_mon = *month - 1;
  parts.tm_mday = *day;
  parts.tm_hour = *hour;
  parts.tm_min = *minute;
  parts.tm_sec = *second;
  return ::timegm(&parts) - *offset;
}

std::string print_rfc3339(std::int64_t seconds_since_1970) {
  constexpr std::int64_t k_year_0 = -62'167'219'200;
  constexpr std::int64_t k_year_10000 = 253'402'300'800;
  if (seconds_since_1970 < k_year_0 || seconds_since_1970 >= k_year_10000) {
    return {};
  }
  const std::time_t time = seconds_since_1970;
  std::tm parts = {};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  const auto size = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                                  parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                                  parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace regctl
