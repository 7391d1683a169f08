// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/base/text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace regctl {

namespace {

struct Unit {
  std::string_view name;
  double size;
};

constexpr std::array<Unit, 5> k_time_units = {
    {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}, {"w", 604'800}}};
constexpr std::array<Unit, 9> k_size_units = {{{"", 1},
                                               {"k", 1e3},
                                               {"ki", 1024},
                                               {"m", 1e6},
                                               {"mi", 1024.0 * 1024},
                                               {"g", 1e9},
                                               {"gi", 1024.0 * 1024 * 1024},
                                               {"t", 1e12},
                                               {"ti", 1024.0 * 1024 * 1024 * 1024}}};
constexpr std::string_view k_decimal = "0123456789.";
constexpr double k_limit = 9e15; // a double holds every whole number up to here

[[noreturn]] void bad(std::string_view text, const char* what, const char* hint) {
  throw Error(ErrorKind::usage, "'" + std::string(text) + "' is not " + what, hint);
}

/// Takes a number for parse_decimal() off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  const auto size = std::min(text.find_first_not_of(k_decimal), text.size());
  const auto value = parse_decimal(text.substr(0, size));
  if (value) {
    text.remove_prefix(size);
  }
  return value;
}

template <std::size_t N>
std::optional<double> find_unit(const std::array<Unit, N>& units, std::string_view name) {
  const auto* const found =
      std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? std::nullopt : std::optional(found->size);
}

std::optional<std::uint64_t> find_size(std::string_view text) {
  const auto number = take_number(text);
  auto name = lower(trim(text));
  if (name.ends_with('b')) {
    name.pop_back();
  }
  const auto unit = find_unit(k_size_units, name);
  if (!number || !unit || *number * *unit > k_limit) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(std::llround(*number * *unit));
}

constexpr const char* k_bandwidth_hint =
    "write for example 20MB/s, or '08:00-18:00: 5MB/s, 20MB/s' by local time";

[[noreturn]] void bad_bandwidth(std::string_view text) {
  bad(text, "a bandwidth", k_bandwidth_hint);
}

std::optional<std::uint64_t> parse_rate(std::string_view whole, std::string_view text) {
  text = trim(text);
  if (lower(text) == "unlimited") {
    return std::nullopt;
  }
  if (text.ends_with("/s")) {
    text.remove_suffix(2);
  }
  const auto rate = find_size(text);
  if (!rate || *rate == 0) {
    bad_bandwidth(whole);
  }
  return rate;
}

/// "08:00"; the day ends at "24:00".
std::chrono::minutes parse_time(std::string_view whole, std::string_view text) {
  text = trim(text);
  const auto hours = take_number(text);
  const bool has_colon = text.starts_with(':');
  text.remove_prefix(has_colon ? 1 : 0);
  const bool has_two_digits = text.size() == 2;
  const auto minutes = take_number(text);
  if (!hours || !has_colon || !has_two_digits || !minutes || !text.empty() ||
      *hours != std::floor(*hours) || *minutes != std::floor(*minutes) || *minutes > 59 ||
      *hours * 60 + *minutes > 24 * 60) {
    bad_bandwidth(whole);
  }
  return std::chrono::minutes(static_cast<int>(*hours * 60 + *minutes));
}

Bandwidth::Span parse_span(std::string_view whole, std::string_view item, std::size_t dash) {
  // "08:00-18:00: 5MB/s": the rate is behind the last colon.
  const auto colon = item.rfind(':');
  if (colon < dash) {
    bad_bandwidth(whole);
  }
  Bandwidth::Span span;
  span.begin = parse_time(whole, item.substr(0, dash));
  span.end = parse_time(whole, item.substr(dash + 1, colon - dash - 1));
  span.bytes_per_second = parse_rate(whole, item.substr(colon + 1));
  return span;
}

} // namespace

std::optional<double> parse_decimal(std::string_view text) noexcept {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  const bool is_plain = text.find_first_not_of(k_decimal) == std::string_view::npos;
  return is_plain && error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

std::chrono::seconds parse_duration(std::string_view text) {
  double seconds = 0;
  auto rest = text;
  do {
    const auto number = take_number(rest);
    const auto unit = find_unit(k_time_units, rest.substr(0, 1));
    if (!number || !unit || seconds + *number * *unit > k_limit) {
      bad(text, "a duration", "write for example 90s, 12h or 7d");
    }
    seconds += *number * *unit;
    rest.remove_prefix(1);
  } while (!rest.empty());
  return std::chrono::seconds(std::llround(seconds));
}

std::uint64_t parse_size(std::string_view text) {
  const auto size = find_size(text);
  if (!size) {
    bad(text, "a size", "write for example 512, 20MB or 1GiB");
  }
  return *size;
}

double parse_share(std::string_view text) {
  auto rest = text;
  auto share = take_number(rest);
  if (share && rest == "%") {
    *share /= 100;
    rest = {};
  }
  if (!share || !rest.empty() || *share > 1) {
    bad(text, "a share", "write for example 10% or 0.1");
  }
  return *share;
}

std::optional<std::uint64_t> Bandwidth::at(std::chrono::minutes since_midnight) const {
  const auto found = std::find_if(spans.begin(), spans.end(), [&](const Span& span) {
    const bool is_after_begin = since_midnight >= span.begin;
    const bool is_before_end = since_midnight < span.end;
    return span.begin < span.end ? is_after_begin && is_before_end
                                 : is_after_begin || is_before_end;
  });
  return found == spans.end() ? bytes_per_second : found->bytes_per_second;
}

bool Bandwidth::is_limited() const noexcept {
  return bytes_per_second || std::any_of(spans.begin(), spans.end(), [](const Span& span) {
           return span.bytes_per_second.has_value();
         });
}

Bandwidth parse_bandwidth(std::string_view text) {
  Bandwidth bandwidth;
  bool is_at_end = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto item = text.substr(begin, end - begin);
    if (is_at_end) {
      bad_bandwidth(text); // the rate for all other times must be the last item
    }
    if (const auto dash = item.find('-'); dash != std::string_view::npos) {
      bandwidth.spans.push_back(parse_span(text, item, dash));
    } else {
      bandwidth.bytes_per_second = parse_rate(text, item);
      is_at_end = true;
    }
    begin = end + 1;
  }
  return bandwidth;
}

} // namespace regctl
