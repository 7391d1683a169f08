// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops::mirror {

enum class Action {
  copy,   ///< the destination has no such tag
  update, ///< the tag names another image there
  keep,   ///< the same on both sides
  remove, ///< only at the destination, and pruned
  skip,   ///< left alone: filtered, protected, or broken at the source
};

/// "copy", "update", "keep", "delete", "skip".
std::string_view to_string(Action action) noexcept;

struct PlannedTag {
  std::string source_name;
  std::string destination_name;
  std::string tag;
  Action action = Action::keep;
  std::string reason;     ///< for people: "missing", "differs", "same", "filtered by --semver", …
  bool is_broken = false; ///< skipped because the source cannot read the tag: a failure
  std::optional<std::string> identity; ///< at the source
  std::optional<std::string> previous; ///< at the destination
  bool is_spared = false;  ///< `reason` says why the tag is skipped although it would be pruned
  bool is_damaged = false; ///< its image is damaged at the destination, and has to be sent again
};

/// Whether the rules exclude the tag, so that it is no part of the mirror.
[[nodiscard]] inline bool is_left_out(const PlannedTag& tag) noexcept {
  return tag.action == Action::skip && !tag.is_broken;
}

/// Whether the tag needs its image at the destination, where that may be missing.
[[nodiscard]] inline bool is_transfer(const PlannedTag& tag) noexcept {
  return tag.action == Action::copy || tag.action == Action::update;
}

/// Whether the tag needs work: every action but keeping and leaving alone.
[[nodiscard]] inline bool is_work(const PlannedTag& tag) noexcept {
  return is_transfer(tag) || tag.action == Action::remove || tag.is_broken;
}

/// The cost of carrying out a planned tag, as far as it is known.
struct Ahead {
  std::uint64_t images = 0;       ///< images moved for this tag and for no earlier one
  std::uint64_t bytes = 0;        ///< of those images
  std::uint64_t bytes_shared = 0; ///< of images that it needs too, but that move for an earlier tag
  std::uint64_t requests = 0;     ///< for this tag and for no earlier one
  bool has_all_images = true;     ///< false: all numbers are lower bounds
  bool has_all_sizes = true;      ///< false: `bytes` is a lower bound
};

} // namespace regctl::ops::mirror
