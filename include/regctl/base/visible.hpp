// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace regctl {

/// One character of a text that may be anything.
struct Character {
  std::uint32_t code = 0; ///< the first byte where that begins no valid UTF-8
  std::size_t bytes = 0;  ///< 0: not valid UTF-8

  /// How far the next character is: a wrong byte counts alone.
  [[nodiscard]] std::size_t step() const noexcept { return bytes == 0 ? 1 : bytes; }
};

/// The first character of `text`, which is not empty. Overlong forms and surrogates are not valid.
Character first_character(std::string_view text) noexcept;

/// Whether it could change a terminal's state or the direction of writing: control characters,
/// those of Unicode, line separators, marks and overrides of direction, the byte order mark.
bool is_harmful(Character character) noexcept;

/// `text` with what is harmful made visible: control characters as "\n" or "\x1b", those of Unicode
/// and what turns the writing direction as "\u202e", bytes that are not UTF-8 as "\xff". Whatever
/// comes from a server or a file goes through this before it is printed; twice is as good as once.
std::string visible(std::string_view text);

/// How much of a text from outside a message quotes.
inline constexpr std::size_t k_excerpt_limit_bytes = 200;

/// `text` from outside as an error, a note or a log quotes it: visible() and at most
/// k_excerpt_limit_bytes of that, with "… (N bytes)" behind what was cut, N being the size of all
/// of `text`. Takes time and memory by the limit, not by `text`.
std::string excerpt(std::string_view text);

} // namespace regctl
