// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// `text` with A-Z as a-z, all else as it is: names of hosts, headers and units, whatever the
/// locale.
std::string lower(std::string_view text);

/// What '+' stands for in percent-encoded text: itself in paths, a space in forms.
enum class Plus { plus, space };

/// Percent-encoded text as it was before; nothing for a '%' without two hexadecimal digits, and for
/// a zero byte, at which C would end it. Source: RFC 3986 section 2.1.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

/// Sorts, and leaves each text once.
void sort_and_unite(std::vector<std::string>& texts);

} // namespace regctl
