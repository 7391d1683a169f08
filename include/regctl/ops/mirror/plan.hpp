// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops::mirror {

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

} // namespace regctl::ops::mirror
