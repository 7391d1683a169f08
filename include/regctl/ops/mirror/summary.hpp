// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/plan.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

namespace regctl::ops::mirror {

/// What became of a planned tag.
struct TagResult {
  enum class Outcome {
    done,     ///< the plan's action was taken; for keep and skip, nothing needed to be done
    failed,   ///< and that of a tag which is broken at the source
    not_done, ///< the run was stopped before it was the tag's turn, or in its middle
    planned,  ///< a plan only was wanted
  };
  PlannedTag tag;
  Outcome outcome = Outcome::done;
  std::exception_ptr problem;         ///< why it failed; null otherwise
  std::uint64_t items_moved = 0;      ///< by this tag's transfer
  std::uint64_t items_there = 0;      ///< before, or moved for another tag
  std::uint64_t items_unverified = 0; ///< moved, and no checksum told whether they are right
  bool is_verified = true;            ///< of a transfer: none of its items is without a checksum
  std::uint64_t bytes = 0;            ///< that travelled for this tag
  Ahead ahead;                        ///< of a plan; nothing for what is kept or skipped
  std::chrono::milliseconds time{0};
};

/// "copied", "updated", "kept", "deleted", "skipped", "failed", "not done", "planned".
std::string_view outcome_word(const TagResult& result) noexcept;

/// A plan in numbers.
struct PlanTotals {
  std::uint64_t copy = 0; ///< tags by what would be done
  std::uint64_t update = 0;
  std::uint64_t keep = 0;
  std::uint64_t remove = 0;
  std::uint64_t skip = 0;
  std::uint64_t of_unknown_images = 0; ///< tags for which there may be more of what follows
  std::uint64_t of_unknown_size = 0;   ///< tags for which there are more bytes
  std::uint64_t images = 0;            ///< that would move, each once
  std::uint64_t bytes = 0;
  std::uint64_t bytes_shared = 0; ///< of those that several tags need
  std::uint64_t requests = 0;     ///< of the run, its listings too

  [[nodiscard]] std::uint64_t changes() const noexcept { return copy + update + remove; }
  /// Tags of every action.
  [[nodiscard]] std::uint64_t tags() const noexcept { return changes() + keep + skip; }
};

/// A run in numbers.
struct Summary {
  std::uint64_t repositories = 0; ///< that were looked at
  std::uint64_t repositories_failed = 0;
  std::uint64_t repositories_not_done = 0;
  std::uint64_t copied = 0;
  std::uint64_t updated = 0;
  std::uint64_t kept = 0;
  std::uint64_t deleted = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
  std::uint64_t not_done = 0;
  PlanTotals plan; ///< if a plan only was wanted
  std::uint64_t images_moved = 0;
  std::uint64_t images_unverified = 0; ///< of those, without a checksum
  std::uint64_t bytes = 0;
  std::chrono::milliseconds time{0};
  std::uint64_t mirrors_failed = 0; ///< whole: their source could not be listed
  std::uint64_t mirrors_not_done = 0;
  std::exception_ptr first_problem; ///< null if nothing failed
  bool has_one_cause = true;        ///< all failures are of one kind
  bool is_interrupted = false;
  std::exception_ptr write_problem; ///< why a file is not whole; null if all are

  [[nodiscard]] bool has_failures() const noexcept { return first_problem != nullptr; }
  /// Whether something went well.
  [[nodiscard]] bool has_successes() const noexcept {
    return copied + updated + kept + deleted + skipped + plan.tags() > 0;
  }
};

/// Called for each record of the report, one at a time; `tag` is null for those of other things.
using OnRecord = std::function<void(const std::string& json, const TagResult* tag)>;

} // namespace regctl::ops::mirror
