// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/pattern.hpp>
#include <regctl/model/semver.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops::mirror {

/// What is taken of a list of names: all that match one of `include` (everything if there is none)
/// and none of `exclude`.
struct Filter {
  std::vector<Pattern> include;
  std::vector<Pattern> exclude;

  /// Asks every pattern, so that Pattern::has_matched() is right of each.
  [[nodiscard]] bool takes(std::string_view name) const;
};

/// What is left out: repositories, or tags of some repositories.
struct Exclusion {
  Pattern repository;
  std::optional<Pattern> tag;

  /// "NAME" or "NAME:TAG", both patterns; a regular expression has no ':' outside of its slashes.
  /// Throws as parse_name_pattern() and parse_tag_pattern().
  static Exclusion parse(std::string_view text);
  /// As parse() takes it back.
  [[nodiscard]] std::string to_string() const;
};

/// What is taken of the tags of repositories.
struct TagFilter : Filter {
  std::vector<Exclusion> exclude_of; ///< each with a tag: in some repositories alone

  [[nodiscard]] bool takes(std::string_view repository, std::string_view tag) const;
};

/// Puts an exclusion where it belongs.
void add_exclusion(Exclusion exclusion, Filter& repositories, TagFilter& tags);

/// What of a run's names has been compared with patterns.
enum class Compared { repositories, repositories_and_tags };

/// The patterns that no name matched, as in "--exclude 'team/old'".
std::vector<std::string> unmatched_patterns(const Filter& repositories, const TagFilter& tags,
                                            Compared compared);

/// A new name for a repository whose whole name `from` matches; "$1" to "$9" in `to` stand for what
/// its groups or wildcards caught, "$$" for "$". The first rename that fits is the only one.
struct Rename {
  Pattern from;
  std::string to;

  /// Throws Error{usage} for what is no pattern, and for a `to` that mentions what `from` does not
  /// catch.
  static Rename make(std::string_view from, std::string_view to);
  /// "FROM=TO", as the command line has it.
  static Rename parse(std::string_view text);
};

/// What is put before names, which has to make names of them: "mirror/", "mirror-". Throws
/// Error{usage}.
std::string parse_prefix(const std::string& text);

/// What becomes of destination tags that the source has no longer.
struct Prune {
  bool enabled = false;
  /// At most this share of a repository's destination tags in one run; more needs `beyond_limit`.
  double limit = 0.1;
  bool beyond_limit = false;
};

/// What is mirrored, under which names. The same on the command line and in the file.
struct Rules {
  Filter repositories;
  TagFilter tags;
  std::optional<SemverRange> semver; ///< tags that are no version are left out
  std::optional<std::size_t> latest; ///< the newest N of a repository, after all other filters
  std::optional<std::chrono::seconds> newer_than; ///< age of the image at most
  std::vector<Rename> renames;
  std::string prefix; ///< put before the destination's name after renaming: "mirror/"
  Prune prune;
  std::vector<Pattern> protected_tags; ///< destination tags that are never removed

  /// Whether a plan needs to know when images were created: newer_than, and latest where not every
  /// tag is a version.
  [[nodiscard]] bool needs_ages() const noexcept { return latest || newer_than; }

  /// Whether they say more than which repositories are taken: something of their tags or names.
  [[nodiscard]] bool shape_repositories() const noexcept;

  /// Whether a tag of the destination is one that is never removed.
  [[nodiscard]] bool protects(std::string_view tag) const;

  /// The name at the destination. Throws Error{usage} if what comes out is no repository's name.
  [[nodiscard]] std::string destination_name(const std::string& source_name) const;
};

/// A share of the work, by repository name: "2/8" is the second of eight. Rendezvous hashing: every
/// name is in one share, and another number of shares moves few names.
struct Shard {
  std::size_t index = 1; ///< from 1
  std::size_t count = 1;

  /// Throws Error{usage}.
  static Shard parse(std::string_view text);
  [[nodiscard]] bool takes(std::string_view repository) const;
};

} // namespace regctl::ops::mirror
