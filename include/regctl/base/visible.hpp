// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace regctl {

/// One character of a text from outside, which may not be valid UTF-8.
struct Character {
  std::uint32_t code = 0; ///< the code point; the first byte if that begins no valid UTF-8
  std::size_t bytes = 0;  ///< 0: not valid UTF-8

  /// The number of bytes to the next character. A wrong byte counts as one.
  [[nodiscard]] std::size_t step() const noexcept { return bytes == 0 ? 1 : bytes; }
};

/// The first character of a `text` that is not empty. Overlong forms and surrogates are invalid.
Character first_character(std::string_view text) noexcept;

/// Whether a character could change a terminal's state or the writing direction: control characters
/// (ASCII and C1), line separators, direction marks and overrides, the byte order mark, tag
/// characters.
bool is_harmful(Character character) noexcept;

/// `text` with its harmful characters made visible: control characters as "\n" or "\x1b", C1
/// controls and direction marks as "\u202e", bytes that are not UTF-8 as "\xff". Every text from a
/// server or a file goes through this before it is printed. Applying it twice changes nothing.
std::string visible(std::string_view text);

/// The most bytes that a message quotes of a text from outside.
inline constexpr std::size_t k_excerpt_limit_bytes = 200;

/// `text` from outside as an error, a note or a log quotes it: visible(), at most
/// k_excerpt_limit_bytes of it, and "… (N bytes)" if it was cut, where N is the size of all of
/// `text`. Time and memory are bounded by the limit, not by `text`.
std::string excerpt(std::string_view text);

} // namespace regctl
