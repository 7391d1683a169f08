// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace regctl {

/// All of `text` as a whole number, whatever the locale; nothing for an empty text, one with
/// anything else in it ("+1" and " 1" too; "-1" where the type has no negative ones), and a number
/// that the type cannot hold.
template <std::integral Number>
std::optional<Number> parse_whole_number(std::string_view text, int base = 10) noexcept {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

} // namespace regctl
