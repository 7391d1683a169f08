// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace regctl {

/// `text` as a whole number, in every locale. Nothing for an empty text, for any other character
/// ("+1" and " 1" too; "-1" for an unsigned type), and for a number out of range.
template <std::integral Number>
std::optional<Number> parse_whole_number(std::string_view text, int base = 10) noexcept {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

} // namespace regctl
