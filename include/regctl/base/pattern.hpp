// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// What names of repositories and tags are compared with, always as a whole:
///
/// - a glob: `*` stands for any characters but '/', `?` for one, `[a-z]` and `[!a-z]` for one of a
///   set, `{a,b}` for one of several, `**` for anything, and `**` with a '/' behind it for nothing
///   or whole parts of a name ("**" "/app" is "app" and "team/app"). As rsync, git and Harbor read
///   it: "team/*" is the repositories right below team, "team/**" all of them. '\' takes the next
///   character literally;
/// - `/REGEX/`, in RE2's syntax (Perl's without look-around and back-references).
///
/// Matching takes time in proportion to the name, whatever the pattern. Thread-safe; cheap to copy.
class Pattern {
public:
  /// Throws Error{usage} naming `text` and what is wrong with it.
  static Pattern parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view name) const;

  /// Whether matches() or captures() ever found a name, of this one or of a copy: what never did
  /// may be a slip.
  [[nodiscard]] bool has_matched() const noexcept;

  /// What was caught, from [1] on: by a regular expression's groups, or by each wildcard of a glob
  /// in its order (`{a,b}` included); [0] is the whole name. A group that took no part is empty.
  /// Nothing if the name does not match.
  [[nodiscard]] std::optional<std::vector<std::string>> captures(std::string_view name) const;

  /// How many of them there are, without [0].
  [[nodiscard]] std::size_t capture_count() const noexcept;

  /// As parse() takes it back.
  [[nodiscard]] const std::string& to_string() const noexcept { return text_; }

  bool operator==(const Pattern& other) const noexcept { return text_ == other.text_; }

private:
  struct Compiled;

  Pattern(std::string text, std::shared_ptr<Compiled> compiled);

  std::string text_;
  std::shared_ptr<Compiled> compiled_; ///< shared by copies
};

} // namespace regctl
