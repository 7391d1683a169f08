// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/visible.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// visible() for a printed JSON document, whose meaning stays as it is: harmful characters can only
/// be inside strings, where they become \u escapes. Line ends are kept.
std::string visible_json(std::string_view json);

/// Columns that `text` takes on a terminal: 0 for combining characters, 2 for wide ones.
std::size_t display_width(std::string_view text);

/// `text` if it fits into `columns`, else its beginning and "...".
std::string ellipsize(std::string_view text, std::size_t columns);

/// `text` and spaces up to `columns`; never cut.
std::string pad(std::string text, std::size_t columns);

/// `text` broken at spaces into lines of at most `columns`, each after `indent` spaces (the first
/// line too) and ended by "\n". Longer words stay whole.
std::string wrap(std::string_view text, std::size_t indent, std::size_t columns);

/// What stands between the characters `at`; nothing for an empty text.
std::vector<std::string> split(std::string_view text, char at);

/// True if `a` comes before `b` where runs of digits count as numbers: "1.9" < "1.10" < "b".
bool natural_less(std::string_view a, std::string_view b) noexcept;

} // namespace regctl::cli
