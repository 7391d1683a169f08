// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/pattern.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/semver.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/places/endpoint.hpp>
#include <regctl/ops/places/filter.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops::mirror {

/// A new name for repositories whose whole name matches `from`. "$1" to "$9" in `to` stand for the
/// captures of `from`, "$$" for "$". Only the first rename that matches is applied.
struct Rename {
  Pattern from;
  std::string to;

  /// Throws Error{usage} for a malformed pattern, and for a capture in `to` that `from` does not
  /// have.
  static Rename make(std::string_view from, std::string_view to);
  /// Reads "FROM=TO", the form of the command line.
  static Rename parse(std::string_view text);
};

/// Reads a prefix of names: "mirror/", "mirror-". Throws Error{usage} if it cannot begin a name.
std::string parse_prefix(const std::string& text);

/// How to treat destination tags that the source no longer has.
struct Prune {
  bool enabled = false;
  /// The largest share of a repository's destination tags removed in one run; more only with
  /// `beyond_limit`.
  double limit = 0.1;
  bool beyond_limit = false;
};

/// Selects and names what is mirrored. The command line and the file have the same rules.
struct Rules {
  Filter repositories;
  TagFilter tags;
  std::optional<SemverRange> semver; ///< tags that are no version are excluded
  std::optional<std::size_t> latest; ///< only the newest N of a repository, after all other filters
  std::optional<std::chrono::seconds> newer_than; ///< maximum age of the image
  std::vector<Rename> renames;
  std::string prefix; ///< put before the destination's name after renaming: "mirror/"
  Prune prune;
  std::vector<Pattern> protected_tags; ///< patterns of destination tags that are never removed
  /// Patterns of tags that never change: one that both sides have is kept without a look.
  std::vector<Pattern> immutable_tags;
  /// Of OCI images for several platforms, only these; empty: all.
  std::vector<oci::Platform> platforms;
  OciForm form = OciForm::oci; ///< of v1 images that become OCI ones
  bool referrers = true; ///< signatures, SBOMs and all else that refers to an OCI image go along
  bool rescue = false;   ///< see Passage::rescue()
  /// Has v1 images from which OCI images were made, for those that become v1 images again.
  std::optional<Endpoint> originals;
  /// v1 repositories that are private may go where everybody can read them.
  bool publish_private = false;

  /// Whether a plan may need the creation times of images: for newer_than, and for latest unless
  /// every tag is a version.
  [[nodiscard]] bool needs_ages() const noexcept { return latest || newer_than; }

  /// Whether the rules do more than select repositories: they filter tags or change names.
  [[nodiscard]] bool shape_repositories() const noexcept;

  /// Whether `tag` of the destination must never be removed.
  [[nodiscard]] bool protects(std::string_view tag) const;

  /// Whether `tag` never changes.
  [[nodiscard]] bool is_immutable(std::string_view tag) const;

  /// The name at the destination. Throws Error{usage} if the result is no name of a repository.
  [[nodiscard]] std::string destination_name(const std::string& source_name) const;
};

/// A share of the work, by repository name: "2/8" is the second of eight. By rendezvous hashing
/// every name is in exactly one share, and a change of the number of shares moves few names.
struct Shard {
  std::size_t index = 1; ///< from 1
  std::size_t count = 1;

  /// Throws Error{usage}.
  static Shard parse(std::string_view text);
  [[nodiscard]] bool takes(std::string_view repository) const;
};

} // namespace regctl::ops::mirror
