// SPDX-License-Identifier: Apache-2.0
#include "cli/text.hpp"

#include <regctl/base/time.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace regctl::cli {

namespace {

/// The bytes of the UTF-8 character at the front of `text`; 0 if there is none.
std::size_t character_length(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xc2 && first < 0xe0 ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  if (length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      return 0;
    }
  }
  return length;
}

bool is_control(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character.front());
  const bool is_c1 =
      character.size() == 2 && first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  return first < 0x20 || first == 0x7f || is_c1;
}

std::string plural(std::int64_t count, const char* unit) {
  return std::to_string(count) + " " + unit + (count == 1 ? "" : "s") + " ago";
}

} // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto length = character_length(text);
    if (length > 0 && !is_control(text.substr(0, length))) {
      result += text.substr(0, length);
      text.remove_prefix(length);
      continue;
    }
    std::array<char, 8> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\x%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(text.front())));
    result += escaped.data();
    text.remove_prefix(1);
  }
  return result;
}

std::string human_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 7> k_units = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < k_units.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g %s", value, k_units[unit]);
  return text.data();
}

std::string human_age(const std::string& time, std::int64_t now_s) {
  const auto then = parse_rfc3339(time);
  if (!then) {
    return printable(time);
  }
  constexpr std::int64_t k_minute = 60;
  constexpr std::int64_t k_hour = 60 * k_minute;
  constexpr std::int64_t k_day = 24 * k_hour;
  const auto age = now_s - *then;
  if (age < k_minute) {
    return age < 1 ? "Less than a second ago" : plural(age, "second");
  }
  if (age < k_hour) {
    return age < 2 * k_minute ? "About a minute ago" : plural(age / k_minute, "minute");
  }
  if (age < 2 * k_day) {
    return age < 2 * k_hour ? "About an hour ago" : plural(age / k_hour, "hour");
  }
  if (age < 14 * k_day) {
    return plural(age / k_day, "day");
  }
  if (age < 60 * k_day) {
    return plural(age / (7 * k_day), "week");
  }
  return age < 730 * k_day ? plural(age / (30 * k_day), "month")
                           : plural(age / (365 * k_day), "year");
}

std::size_t width_of(std::string_view text) noexcept {
  std::size_t columns = 0;
  for (const char c : text) {
    columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  }
  return columns;
}

std::string fit(std::string_view text, std::size_t columns) {
  if (width_of(text) <= columns) {
    return std::string(text);
  }
  std::string result;
  for (std::size_t taken = 0; taken + 1 < columns; ++taken) {
    const auto length = std::max<std::size_t>(character_length(text), 1);
    result += text.substr(0, length);
    text.remove_prefix(length);
  }
  return columns == 0 ? std::string() : result + "…";
}

} // namespace regctl::cli
