// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// A pattern for names of repositories and tags. It is always compared with the whole name:
///
/// - a glob: `*` stands for any characters but '/', `?` for one, `[a-z]` and `[!a-z]` for one of a
///   set, `{a,b}` for one of several, `**` for anything, and `**` followed by '/' for nothing or
///   for whole parts of a name ("**" "/app" matches "app" and "team/app"). As rsync, git and Harbor
///   read it, "team/*" matches the repositories right below team, "team/**" all of them. '\' takes
///   the next character literally;
/// - `/REGEX/`, in RE2's syntax (Perl's without look-around and back-references).
///
/// Matching takes time in proportion to the name, whatever the pattern. Thread-safe; cheap to copy.
class Pattern {
public:
  /// Throws Error{usage} naming `text` and what is wrong with it.
  static Pattern parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view name) const;

  /// Whether matches() or captures() of this pattern or of a copy ever found a name. A pattern that
  /// never did may be a typing error.
  [[nodiscard]] bool has_matched() const noexcept;

  /// The captured texts from [1] on: the groups of a regular expression, or the wildcards of a glob
  /// in their order (`{a,b}` included). [0] is the whole name. A group that took no part is empty.
  /// Nothing if the name does not match.
  [[nodiscard]] std::optional<std::vector<std::string>> captures(std::string_view name) const;

  /// The number of captures, without [0].
  [[nodiscard]] std::size_t capture_count() const noexcept;

  /// The text that parse() took.
  [[nodiscard]] const std::string& to_string() const noexcept { return text_; }

  bool operator==(const Pattern& other) const noexcept { return text_ == other.text_; }

private:
  struct Compiled;

  Pattern(std::string text, std::shared_ptr<Compiled> compiled);

  std::string text_;
  std::shared_ptr<Compiled> compiled_; ///< shared by copies
};

/// Whether one of the patterns matches the name. All are tried, so that has_matched() is right for
/// each of them.
bool any_matches(const std::vector<Pattern>& patterns, std::string_view name);

} // namespace regctl
