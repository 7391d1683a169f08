// SPDX-License-Identifier: Apache-2.0
#include "http/content_range.hpp"

#include <charconv>

namespace regctl::http {

namespace {

/// Removes a number from the front of `text` and returns it.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return value;
}

bool take_character(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

} // namespace

std::optional<ContentRange> parse_content_range(std::string_view value) {
  if (value.starts_with("bytes")) {
    value.remove_prefix(5);
    take_character(value, ' ');
  }
  const auto first = take_number(value);
  if (!first || !take_character(value, '-')) {
    return std::nullopt;
  }
  const auto last = take_number(value);
  if (!last || *last < *first || !take_character(value, '/')) {
    return std::nullopt;
  }
  if (value == "*") {
    return ContentRange{*first, *last, std::nullopt};
  }
  const auto size = take_number(value);
  if (!size || !value.empty()) {
    return std::nullopt;
  }
  return ContentRange{*first, *last, size};
}

} // namespace regctl::http
