// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/json.hpp>
#include <regctl/base/json_text.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace regctl {

namespace {

constexpr std::string_view k_replacement = "\xef\xbf\xbd";
constexpr std::string_view k_space = " \t\r\n";

struct Range {
  unsigned char low;
  unsigned char high;
};

/// The length of the valid UTF-8 sequence at the beginning of `text`; 0 for an invalid one.
/// Source: RFC 3629 section 4.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  const Range second = first == 0xE0   ? Range{0xA0, 0xBF}
                       : first == 0xED ? Range{0x80, 0x9F}
                       : first == 0xF0 ? Range{0x90, 0xBF}
                       : first == 0xF4 ? Range{0x80, 0x8F}
                                       : Range{0x80, 0xBF};
  if (byte(1) < second.low || byte(1) > second.high) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) {
      return 0;
    }
  }
  return length;
}

std::string escape(unsigned code) {
  std::array<char, 8> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "\\u%04x", code));
  return text.data();
}

/// The escape of a character that HTML reads; empty for any other.
std::string html_escape(std::string_view character) {
  if (character == "<" || character == ">" || character == "&") {
    return escape(static_cast<unsigned char>(character[0]));
  }
  if (character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9") {
    return escape(character[2] == '\xa8' ? 0x2028 : 0x2029);
  }
  return {};
}

std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
  return std::min(text.find_first_not_of(k_space, at), text.size());
}

/// The position behind the string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) noexcept {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    at += text[at] == '\\' ? 1 : 0;
  }
  return std::min(at + 1, text.size());
}

/// The position behind the value that begins at `at`.
std::size_t end_of_value(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      if (depth == 0) {
        return at;
      }
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) {
        return at; // of the object around it
      }
      if (--depth == 0) {
        return at + 1;
      }
    } else if (depth == 0 && (c == ',' || k_space.find(c) != std::string_view::npos)) {
      return at;
    }
    ++at;
  }
  return at;
}

} // namespace

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const auto length = sequence_length(text);
    valid += length == 0 ? k_replacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

std::optional<JsonMembers> json_members(std::string_view text) {
  auto at = skip_space(text, 0);
  if (at == text.size() || text[at] != '{') {
    return std::nullopt;
  }
  JsonMembers members;
  at = skip_space(text, at + 1);
  while (at < text.size() && text[at] == '"') {
    const auto name_end = end_of_string(text, at);
    const auto parsed = find_json(text.substr(at, name_end - at));
    auto name = parsed && parsed->is_string() ? parsed->get<std::string>() : std::string();
    const auto colon = skip_space(text, name_end);
    const auto begin = skip_space(text, std::min(colon + 1, text.size()));
    const auto end = end_of_value(text, begin);
    std::erase_if(members, [&](const auto& member) { return member.first == name; });
    members.emplace_back(std::move(name), text.substr(begin, end - begin));
    at = skip_space(text, end);
    if (at < text.size() && text[at] == ',') {
      at = skip_space(text, at + 1);
    }
  }
  return members;
}

std::string compact_json(std::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  bool is_in_string = false;
  bool is_escaped = false;
  while (!text.empty()) {
    const auto character = text.substr(0, std::max<std::size_t>(sequence_length(text), 1));
    text.remove_prefix(character.size());
    const char c = character[0];
    if (!is_in_string && k_space.find(c) != std::string_view::npos) {
      continue;
    }
    if (const auto escaped = html_escape(character); !escaped.empty()) {
      compact += escaped;
      is_escaped = false;
      continue;
    }
    if (c == '"' && !is_escaped) {
      is_in_string = !is_in_string;
    }
    is_escaped = is_in_string && !is_escaped && c == '\\';
    compact += character;
  }
  return compact;
}

std::string quote_as_go(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const auto length = sequence_length(text);
    const auto character = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(character.size());
    const auto c = static_cast<unsigned char>(character[0]);
    if (length == 0) {
      quoted += k_replacement;
    } else if (c == '"' || c == '\\') {
      quoted += std::string("\\") + static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      quoted += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (c < 0x20) {
      quoted += escape(c);
    } else if (const auto escaped = html_escape(character); !escaped.empty()) {
      quoted += escaped;
    } else {
      quoted += character;
    }
  }
  return quoted + '"';
}

std::string make_json_object(const JsonMembers& members) {
  std::string text = "{";
  for (const auto& [name, value] : members) {
    text += (text.size() == 1 ? "" : ",") + quote_as_go(name) + ":" + value;
  }
  return text + "}";
}

} // namespace regctl
