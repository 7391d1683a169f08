// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/visible.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace regctl {

namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// C1 controls, direction marks, line separators and direction overrides, direction isolates, the
// byte order mark, tag characters.
constexpr std::array<Range, 6> k_harmful = {{{0x80, 0x9f},
                                             {0x200e, 0x200f},
                                             {0x2028, 0x202e},
                                             {0x2066, 0x2069},
                                             {0xfeff, 0xfeff},
                                             {0xe0000, 0xe007f}}};

std::string escape(const char* pattern, std::uint32_t code) {
  std::array<char, 32> buffer{};
  const auto size = std::snprintf(buffer.data(), buffer.size(), pattern, code);
  return {buffer.data(), static_cast<std::size_t>(std::max(size, 0))};
}

/// `character`, the first of `text`, as it is printed.
std::string show(Character character, std::string_view text) {
  if (character.bytes == 0) {
    return escape("\\x%02x", character.code);
  }
  if (!is_harmful(character)) {
    return std::string(text.substr(0, character.bytes));
  }
  switch (character.code) {
  case '\n':
    return "\\n";
  case '\r':
    return "\\r";
  case '\t':
    return "\\t";
  default:
    return escape(character.code < 0x80 ? "\\x%02x" : "\\u%04x", character.code);
  }
}

/// Takes a beginning off `text` and returns it made visible, in at most `limit_bytes` bytes.
std::string take_visible(std::string_view& text, std::size_t limit_bytes) {
  std::string result;
  while (!text.empty()) {
    const auto character = first_character(text);
    const auto shown = show(character, text);
    if (shown.size() > limit_bytes - result.size()) {
      break;
    }
    result += shown;
    text.remove_prefix(character.step());
  }
  return result;
}

} // namespace

Character first_character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t size = first >= 0xf0 && first < 0xf5 ? 4
                           : first >= 0xe0               ? 3
                           : first >= 0xc2               ? 2
                                                         : 0;
  if (size == 0 || first >= 0xf5 || text.size() < size) {
    return {first, 0};
  }
  std::uint32_t code = first & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) {
      return {first, 0};
    }
    code = (code << 6U) | (byte(i) & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> k_smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < k_smallest[size] || is_surrogate || code > 0x10ffff) {
    return {first, 0};
  }
  return {code, size};
}

bool is_harmful(Character character) noexcept {
  return character.code < 0x20 || character.code == 0x7f ||
         std::any_of(k_harmful.begin(), k_harmful.end(), [&](Range range) {
           return character.code >= range.first && character.code <= range.last;
         });
}

std::string visible(std::string_view text) {
  return take_visible(text, std::string::npos);
}

std::string excerpt(std::string_view text) {
  const auto size = text.size();
  auto result = take_visible(text, k_excerpt_limit_bytes);
  if (!text.empty()) {
    result += "… (" + std::to_string(size) + " bytes)";
  }
  return result;
}

} // namespace regctl
