// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/client.hpp>

#include <algorithm>
#include <charconv>

namespace regctl::http {

namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// Takes a number off the front of `text`.
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

void Headers::add(std::string name, std::string value) {
  fields_.push_back({std::move(name), std::move(value)});
}

std::optional<std::string> Headers::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Header& field) {
    return is_same_name(field.name, name);
  });
  return found == fields_.end() ? std::nullopt : std::optional(found->value);
}

std::vector<std::string> Headers::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& field : fields_) {
    if (is_same_name(field.name, name)) {
      values.push_back(field.value);
    }
  }
  return values;
}

std::string_view to_string(Method method) noexcept {
  switch (method) {
  case Method::get:
    return "GET";
  case Method::head:
    return "HEAD";
  case Method::put:
    return "PUT";
  case Method::post:
    return "POST";
  case Method::remove:
    return "DELETE";
  }
  return "GET";
}

Body text_body(std::string text) {
  const auto size = text.size();
  return {[text = std::move(text)] { return make_text_source(text); }, size};
}

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
