// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/made_image.hpp>
#include <regctl/ops/mirror/plan.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops::mirror {

/// The result for a planned tag.
struct TagResult {
  enum class Outcome {
    done,     ///< the plan's action was taken; for keep and skip, nothing needed to be done
    failed,   ///< also a tag that is broken at the source
    not_done, ///< the run was stopped before or during the tag's action
    planned,  ///< the run only plans
  };
  PlannedTag tag;
  Outcome outcome = Outcome::done;
  std::exception_ptr problem;      ///< why it failed; null otherwise
  std::string rescued;             ///< the tag of the part that was sound; "" if there is none
  std::optional<ImageFault> fault; ///< of an image that failed, where it was looked for
  bool was_judged = false; ///< a v1 image was looked at as a whole: without a fault it is sound
  std::uint64_t items_moved = 0;      ///< by this tag's transfer
  std::uint64_t items_there = 0;      ///< already there, or moved for another tag
  std::uint64_t items_unverified = 0; ///< moved without a checksum to verify them by
  bool is_verified = true;            ///< all items of the transfer have a checksum
  std::uint64_t bytes = 0;            ///< bytes that travelled for this tag
  Ahead ahead;                        ///< of a plan; empty for tags that are kept or skipped
  /// What the tag names at the destination, where it was made from a v1 image; null otherwise, and
  /// for a kept tag if no map is written.
  std::shared_ptr<const MadeImage> made;
  std::optional<MadeChain> chain; ///< of the tag's OCI image, if this run made v1 images of it
  std::chrono::milliseconds time{0};
};

/// "copied", "updated", "kept", "deleted", "skipped", "failed", "not done", "planned".
std::string_view outcome_word(const TagResult& result) noexcept;

/// A plan in numbers.
struct PlanTotals {
  std::uint64_t copy = 0; ///< tags by their planned action, as are the next four
  std::uint64_t update = 0;
  std::uint64_t keep = 0;
  std::uint64_t remove = 0;
  std::uint64_t skip = 0;
  std::uint64_t of_unknown_images = 0; ///< tags for which the numbers below are lower bounds
  std::uint64_t of_unknown_size = 0;   ///< tags for which `bytes` is a lower bound
  std::uint64_t images = 0;            ///< images that would move, each counted once
  std::uint64_t bytes = 0;
  std::uint64_t bytes_shared = 0; ///< the part of `bytes` that several tags need
  std::uint64_t requests = 0;     ///< of the whole run, including its listings

  [[nodiscard]] std::uint64_t changes() const noexcept { return copy + update + remove; }
  /// Tags of every action.
  [[nodiscard]] std::uint64_t tags() const noexcept { return changes() + keep + skip; }
};

/// The totals of a run.
struct Summary {
  std::uint64_t repositories = 0; ///< processed repositories
  std::uint64_t repositories_failed = 0;
  std::uint64_t repositories_not_done = 0;
  std::uint64_t copied = 0;
  std::uint64_t updated = 0;
  std::uint64_t kept = 0;
  std::uint64_t deleted = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
  std::uint64_t not_done = 0;
  PlanTotals plan; ///< only if the run only plans
  std::uint64_t images_moved = 0;
  std::uint64_t images_unverified = 0; ///< moved images without a checksum
  std::uint64_t bytes = 0;
  std::chrono::milliseconds time{0};
  std::uint64_t mirrors_failed = 0; ///< whole mirrors: their source could not be listed
  std::uint64_t mirrors_not_done = 0;
  std::exception_ptr first_problem; ///< null if nothing failed
  bool has_one_cause = true;        ///< all failures are of one kind
  bool is_interrupted = false;
  std::exception_ptr write_problem; ///< why a file is incomplete; null if all are complete

  [[nodiscard]] bool has_failures() const noexcept { return first_problem != nullptr; }
  /// Whether any tag succeeded.
  [[nodiscard]] bool has_successes() const noexcept {
    return copied + updated + kept + deleted + skipped + plan.tags() > 0;
  }
};

/// Receives the results of a run while it goes on: one call at a time, from any thread. Either
/// function may be empty.
struct MirrorListener {
  /// Receives each record of the report, as a line of JSON. Records are made only if this function
  /// or a file takes them.
  std::function<void(const std::string& json)> on_record;
  std::function<void(const TagResult& result)> on_tag;
};

} // namespace regctl::ops::mirror
