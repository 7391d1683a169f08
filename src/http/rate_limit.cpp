// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/http/rate_limit.hpp>

#include <algorithm>
#include <string_view>

namespace regctl::http {

namespace {

constexpr std::uint64_t k_least_date = 1'000'000'000; // of 2001
constexpr std::uint64_t k_longest_s = 100ULL * 365 * 24 * 3600;

/// The number at the beginning, as of "76;w=21600".
std::optional<std::uint64_t> first_number(std::string_view value) {
  return parse_whole_number<std::uint64_t>(trim(value.substr(0, value.find_first_of(";,"))));
}

std::optional<std::uint64_t> window_s(std::string_view value) {
  constexpr std::string_view k_window = ";w=";
  const auto at = value.find(k_window);
  return at == std::string_view::npos ? std::nullopt
                                      : first_number(value.substr(at + k_window.size()));
}

std::optional<std::uint64_t> renewed_in_s(const Headers& headers, std::string_view remaining,
                                          std::time_t now) {
  if (const auto reset = headers.find("RateLimit-Reset")) {
    const auto number = first_number(*reset);
    if (!number || *number < k_least_date) {
      return number;
    }
    return *number - std::min(*number, static_cast<std::uint64_t>(now));
  }
  if (const auto window = window_s(remaining)) {
    return window;
  }
  const auto limit = headers.find("RateLimit-Limit");
  return limit ? window_s(*limit) : std::nullopt;
}

} // namespace

std::optional<RateLimit> read_rate_limit(const Headers& headers, std::time_t now) {
  const auto value = headers.find("RateLimit-Remaining");
  const auto remaining = value ? first_number(*value) : std::nullopt;
  if (!remaining) {
    return std::nullopt;
  }
  RateLimit limit{*remaining, std::nullopt};
  if (const auto time = renewed_in_s(headers, *value, now)) {
    limit.renewed_in = std::chrono::seconds(std::min(*time, k_longest_s));
  }
  return limit;
}

} // namespace regctl::http
