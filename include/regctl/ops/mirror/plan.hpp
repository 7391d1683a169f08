// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/rules.hpp>
#include <regctl/ops/places/tag_listing.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// The tags of one repository on both sides.
struct Listings {
  std::string source_name;
  std::string destination_name;
  ListedTags source;
  std::optional<ListedTags> destination; ///< nothing: there is no such repository yet
};

enum class Action {
  copy,   ///< the destination has no such tag
  update, ///< it names something else there
  keep,   ///< the same on both sides
  remove, ///< at the destination alone, and pruned
  skip,   ///< left alone: filtered, protected, or broken at the source
};

/// "copy", "update", "keep", "delete", "skip".
std::string_view to_string(Action action) noexcept;

struct PlannedTag {
  std::string source_name;
  std::string destination_name;
  std::string tag;
  Action action = Action::keep;
  std::string reason;     ///< "missing", "differs", "same", "filtered by --semver", …: for people
  bool is_broken = false; ///< skipped because the source cannot read it: a failure
  std::optional<std::string> identity; ///< at the source
  std::optional<std::string> previous; ///< at the destination
  bool is_spared = false;              ///< skipped though it would be pruned, because of the reason
};

/// Whether the rules leave a tag out, so that it is no part of the mirror.
[[nodiscard]] inline bool is_left_out(const PlannedTag& tag) noexcept {
  return tag.action == Action::skip && !tag.is_broken;
}

/// Whether an image is to be at the destination that may not be there yet.
[[nodiscard]] inline bool is_transfer(const PlannedTag& tag) noexcept {
  return tag.action == Action::copy || tag.action == Action::update;
}

/// Whether something is lost if it is not done: all but what is kept or left alone.
[[nodiscard]] inline bool is_work(const PlannedTag& tag) noexcept {
  return is_transfer(tag) || tag.action == Action::remove || tag.is_broken;
}

/// What carrying out a planned tag takes, as far as it is known.
struct Ahead {
  std::uint64_t images = 0;       ///< that move for this tag and for none before it
  std::uint64_t bytes = 0;        ///< of those
  std::uint64_t bytes_shared = 0; ///< that it needs as well, and that move for a tag before it
  std::uint64_t requests = 0;     ///< for this tag and for none before it
  bool has_all_images = true;     ///< else there may be more of all of them
  bool has_all_sizes = true;      ///< else there are more bytes
};

/// When the image behind an identity was created, in seconds since 1970; nothing if not known.
using CreatedAt = std::function<std::optional<std::int64_t>(const std::string& identity)>;

/// Whether a tag at the destination that names `there` is the same as one at the source that names
/// `from`.
using IsSame = std::function<bool(const std::string& from, const std::string& there)>;

/// What is to be done with each tag of one repository, by tag name. Only tags that the rules do not
/// leave out by their names are identified; `created_at` is asked only where the rules need ages,
/// `now` is seconds since 1970. Tags that exist at the destination alone are in it only when
/// pruning is enabled; nothing is pruned where the source's listing is empty or has a tag that
/// cannot be read, and where more than Prune::limit would go, none goes; the reason says so.
std::vector<PlannedTag> plan(Listings& listings, const Rules& rules, const CreatedAt& created_at,
                             const IsSame& is_same, std::int64_t now);

/// One line of what --plan and --failures write, and --apply and --repositories-from take: what is
/// to be done with a tag, or a repository whose tags are to be looked at first.
struct PlanLine {
  std::string from; ///< the ends of its mirror, as Endpoint::to_string() has them; both are "" for
  std::string to;   ///< a line that does not say
  PlannedTag tag;   ///< of a repository the source's name alone
  bool is_mirror = false; ///< all of it: there is no tag
  bool is_repository = false;
  bool is_ruled = false; ///< a repository of a mirror with rules, Rules::shape_repositories(); a
                         ///< mirror with any, MirrorJob::has_rules()
};

/// A line for a tag: a JSON object without line feeds.
std::string print_plan_line(const PlanLine& line);

/// Reads such an object, a report's record of a tag or a repository, or the name of a repository.
/// Throws Error{protocol} "WHERE: …" for what is none of these.
PlanLine parse_plan_line(const std::string& line, const std::string& where);

} // namespace regctl::ops::mirror
