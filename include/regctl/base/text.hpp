// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// `text` with A-Z as a-z and all other bytes unchanged, in every locale: for host names, headers
/// and units.
std::string lower(std::string_view text);

/// One character: A-Z as a-z, any other unchanged.
constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether `text` is one or more digits 0-9.
bool is_all_digits(std::string_view text) noexcept;

/// `text` without the spaces, tabs and line breaks around it. It refers to `text`.
std::string_view trim(std::string_view text) noexcept;

/// The meaning of '+' in percent-encoded text: itself in paths, a space in forms.
enum class Plus { plus, space };

/// The decoded text. Nothing for a '%' without two hexadecimal digits, and for a zero byte, which
/// would end the text in C functions. Source: RFC 3986 section 2.1.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

/// The parts of `text` between separators: one more than there are of those. They refer to `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

/// A path's folder and the name in it: "a/b/c" is "a/b" and "c", and "c" is "" and "c". Both refer
/// to the path.
struct PathParts {
  std::string_view folder;
  std::string_view name;
};
PathParts split_path(std::string_view path) noexcept;

/// Whether a text is in both lists.
bool have_common(const std::vector<std::string>& one, const std::vector<std::string>& other);

/// "a, b, …": the first `most` of the texts; the "…" stands for further ones.
std::string list_some(const std::vector<std::string>& texts, std::size_t most);

/// Sorts `texts` and removes duplicates.
void sort_and_unite(std::vector<std::string>& texts);

} // namespace regctl
