// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace regctl::cli {

/// `text` with every control character and every byte that is no UTF-8 written as "\xNN": what a
/// server sends must not move the cursor or set the window's title.
std::string printable(std::string_view text);

/// "65.57 kB": four digits, units of 1,000, as docker 1.x shows sizes.
std::string human_size(std::uint64_t bytes);

/// "3 weeks ago" for a time in RFC 3339, seen from `now_s`, as docker shows it; "" for no time, the
/// text itself if it is none.
std::string human_age(const std::string& time, std::int64_t now_s);

/// How many columns `text` takes: characters, not bytes.
std::size_t width_of(std::string_view text) noexcept;

/// `text` cut to `columns` with "…" at the end where something was cut.
std::string fit(std::string_view text, std::size_t columns);

} // namespace regctl::cli
