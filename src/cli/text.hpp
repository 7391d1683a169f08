// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/visible.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// visible() for a printed JSON document, whose meaning does not change: harmful characters occur
/// only inside strings, where they become \u escapes. Line ends are kept.
std::string visible_json(std::string_view json);

/// Columns that `text` takes on a terminal: 0 for combining characters, 2 for wide ones, 1 for a
/// byte that is not UTF-8. Source: utf8proc, which has Unicode's tables.
std::size_t display_width(std::string_view text);

/// `text` if it fits into `columns`, else its beginning and "...".
std::string ellipsize(std::string_view text, std::size_t columns);

/// `text` padded with spaces to `columns`; never cut.
std::string pad(std::string text, std::size_t columns);

/// `text` broken at spaces into lines of at most `columns` columns. Each line starts with `indent`
/// spaces and ends with "\n". Longer words stay whole.
std::string wrap(std::string_view text, std::size_t indent, std::size_t columns);

/// The parts of `text` between the characters `at`; none for an empty text.
std::vector<std::string> split(std::string_view text, char at);

/// The first 12 digits of a v1 image's ID or of a digest.
std::string short_identity(std::string_view identity);

/// Whether `a` comes before `b` if runs of digits are compared as numbers: "1.9" < "1.10" < "b".
bool natural_less(std::string_view a, std::string_view b) noexcept;

} // namespace regctl::cli
