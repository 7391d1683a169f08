// SPDX-License-Identifier: Apache-2.0
#include "cli/units.hpp"

#include "cli/counts.hpp"

#include <regctl/base/time.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace regctl::cli {

namespace {

template <class... Arguments> std::string format(const char* pattern, Arguments... arguments) {
  std::array<char, 64> buffer{};
  const auto size = std::snprintf(buffer.data(), buffer.size(), pattern, arguments...);
  return {buffer.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::string count(std::int64_t number, const char* unit) {
  return std::to_string(number) + " " + unit;
}

std::string duration_in_words(std::chrono::seconds age) {
  const auto seconds = age.count();
  const auto minutes = seconds / 60;
  const auto hours = minutes / 60;
  if (seconds < 1) {
    return "Less than a second";
  }
  if (seconds < 60) {
    return count(seconds, seconds == 1 ? "second" : "seconds");
  }
  if (minutes < 60) {
    return minutes == 1 ? "About a minute" : count(minutes, "minutes");
  }
  if (hours < 48) {
    return hours == 1 ? "About an hour" : count(hours, "hours");
  }
  if (hours < 24 * 7 * 2) {
    return count(hours / 24, "days");
  }
  if (hours < 24 * 30 * 3) {
    return count(hours / 24 / 7, "weeks");
  }
  if (hours < 24 * 365 * 2) {
    return count(hours / 24 / 30, "months");
  }
  return count(hours / 24 / 365, "years");
}

} // namespace

std::string human_size(std::uint64_t size_bytes) {
  constexpr std::array<const char*, 7> k_units = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto size = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  while (size >= 1000.0 && unit + 1 < k_units.size()) {
    size /= 1000.0;
    ++unit;
  }
  return format("%.4g %s", size, k_units[unit]);
}

std::string show_size(const std::optional<std::uint64_t>& size_bytes) {
  return size_bytes ? human_size(*size_bytes) : "N/A";
}

std::string show_size(const std::optional<SizeSum>& size) {
  const auto least_bytes = size ? size->least_bytes() : std::nullopt;
  return (least_bytes && size->unknown > 0 ? "at least " : "") + show_size(least_bytes);
}

std::string size_of_layers(const SizeSum& size) {
  return size.least_bytes() ? show_size(size)
                            : number_of(size.unknown, "layer", "layers") + " of unknown size";
}

std::string human_age(std::string_view created, std::chrono::system_clock::time_point now) {
  constexpr std::int64_t k_year_1900 = -2'208'988'800;
  const auto time = parse_rfc3339(created);
  if (!time || *time < k_year_1900) {
    return "N/A";
  }
  const auto since_1970 = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  return duration_in_words(since_1970 - std::chrono::seconds(*time)) + " ago";
}

std::string human_duration(std::chrono::seconds duration) {
  const auto seconds = static_cast<long>(duration.count());
  return seconds < 3600
             ? format("%ld:%02ld", seconds / 60, seconds % 60)
             : format("%ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string show_time(std::int64_t seconds_since_1970) {
  constexpr std::int64_t k_limit = 253'402'300'800; // the year 10000; -k_limit is before the year 0
  if (seconds_since_1970 >= k_limit || seconds_since_1970 <= -k_limit) {
    return std::to_string(seconds_since_1970);
  }
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds_since_1970)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return format("%04d-%02u-%02u %02ld:%02ld", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<long>(clock.hours().count()),
                static_cast<long>(clock.minutes().count()));
}

} // namespace regctl::cli
