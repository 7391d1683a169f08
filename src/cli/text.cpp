// SPDX-License-Identifier: Apache-2.0
#include "cli/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace regctl::cli {

namespace {

std::size_t width_of(Character character) {
  const bool is_plain = character.code >= ' ' && character.code <= '~'; // most are: no need to look
  return character.bytes == 0 || is_plain ? 1
                                          : static_cast<std::size_t>(::utf8proc_charwidth(
                                                static_cast<utf8proc_int32_t>(character.code)));
}

template <class... Arguments> std::string format(const char* pattern, Arguments... arguments) {
  std::array<char, 32> buffer{};
  const auto size = std::snprintf(buffer.data(), buffer.size(), pattern, arguments...);
  return {buffer.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::string escape_json(std::uint32_t code) {
  if (code < 0x10000) {
    return format("\\u%04x", code);
  }
  const auto offset = code - 0x10000; // JSON escapes are UTF-16
  return format("\\u%04x\\u%04x", 0xd800 + (offset >> 10U), 0xdc00 + (offset & 0x3ffU));
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::string_view take_number(std::string_view& text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto number = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(number.size());
  return number.substr(std::min(number.find_first_not_of('0'), number.size()));
}

} // namespace

std::string visible_json(std::string_view json) {
  std::string result;
  while (!json.empty()) {
    const auto character = first_character(json);
    const auto bytes = character.step();
    if (character.code != '\n' && is_harmful(character)) {
      result += escape_json(character.code);
    } else {
      result.append(json.substr(0, bytes));
    }
    json.remove_prefix(bytes);
  }
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    width += width_of(character);
    text.remove_prefix(character.step());
  }
  return width;
}

std::string ellipsize(std::string_view text, std::size_t columns) {
  constexpr std::string_view k_dots = "...";
  if (display_width(text) <= columns) {
    return std::string(text);
  }
  const auto room = columns > k_dots.size() ? columns - k_dots.size() : 0;
  std::size_t width = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const auto character = first_character(text.substr(bytes));
    width += width_of(character);
    if (width > room) {
      break;
    }
    bytes += character.step();
  }
  return std::string(text.substr(0, bytes)) + std::string(k_dots.substr(0, columns));
}

std::string pad(std::string text, std::size_t columns) {
  const auto width = display_width(text);
  text.append(columns > width ? columns - width : 0, ' ');
  return text;
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t columns) {
  std::string result;
  std::string line;
  const auto end_line = [&] {
    result += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!line.empty() && indent + display_width(line) + 1 + display_width(word) > columns) {
      end_line();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  if (!line.empty()) {
    end_line();
  }
  return result;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(at), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string short_identity(std::string_view identity) {
  const auto colon = identity.find(':');
  constexpr std::size_t k_digits = 12;
  return std::string(identity.substr(colon == std::string_view::npos ? 0 : colon + 1, k_digits));
}

bool natural_less(std::string_view a, std::string_view b) noexcept {
  const auto whole_a = a;
  const auto whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const auto number_a = take_number(a);
      const auto number_b = take_number(b);
      if (number_a.size() != number_b.size()) {
        return number_a.size() < number_b.size();
      }
      if (number_a != number_b) {
        return number_a < number_b;
      }
    } else if (a.front() != b.front()) {
      return static_cast<unsigned char>(a.front()) < static_cast<unsigned char>(b.front());
    } else {
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.empty() == b.empty() ? whole_a < whole_b : a.empty(); // "01" and "1" must differ
}

} // namespace regctl::cli
