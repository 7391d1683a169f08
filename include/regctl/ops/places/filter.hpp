// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/pattern.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// Selects names: all that match one of `include` (every name if it is empty) and none of
/// `exclude`.
struct Filter {
  std::vector<Pattern> include;
  std::vector<Pattern> exclude;

  /// Tries every pattern, without stopping at the first match, so that each one's
  /// Pattern::has_matched() is right.
  [[nodiscard]] bool takes(std::string_view name) const;
};

/// An exclusion: of repositories, or of tags of some repositories.
struct Exclusion {
  Pattern repository;
  std::optional<Pattern> tag;

  /// Reads "NAME" or "NAME:TAG", both patterns. A regular expression has no ':' outside of its
  /// slashes. Throws as parse_name_pattern() and parse_tag_pattern() do.
  static Exclusion parse(std::string_view text);
  /// The text that parse() reads as this exclusion.
  [[nodiscard]] std::string to_string() const;
};

/// Selects tags of repositories.
struct TagFilter : Filter {
  std::vector<Exclusion> exclude_of; ///< exclusions with a tag, each for some repositories only

  [[nodiscard]] bool takes(std::string_view repository, std::string_view tag) const;
};

/// Adds an exclusion to the filter that it belongs to.
void add_exclusion(Exclusion exclusion, Filter& repositories, TagFilter& tags);

/// How far the names of a run have been compared with the patterns.
enum class ComparedNames { repositories, repositories_and_tags };

/// The patterns that no name matched, as in "--exclude 'team/old'".
std::vector<std::string> unmatched_patterns(const Filter& repositories, const TagFilter& tags,
                                            ComparedNames compared);

} // namespace regctl::ops
