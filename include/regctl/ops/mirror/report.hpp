// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/ops/mirror/plan.hpp>
#include <regctl/ops/progress.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

/// Where a run's results go: counted, written to files, handed to whoever shows them; failures are
/// noted. Thread-safe.
class Report {
public:
  struct Files {
    std::string report;   ///< JSON lines, regctl-mirror(1); "" for none
    std::string failures; ///< lines that --apply and --repositories-from take; "" for none
    std::string plan;     ///< lines of print_plan_line(); "" for none
  };

  /// Called for each record of the report, one at a time; `tag` is null for those of other things.
  using OnRecord = std::function<void(const std::string& json, const TagResult* tag)>;

  /// Opens the files: what cannot be written is told before anything is done.
  Report(const Files& files, Progress& progress, OnRecord on_record);
  ~Report();

  /// A mirror that records are of.
  struct Mirror {
    std::string from; ///< Endpoint::to_string()
    std::string to;
    bool is_ruled = false;  ///< Rules::shape_repositories()
    bool has_rules = false; ///< MirrorJob::has_rules()
  };

  /// What follows is about this one, of which so many repositories are ahead.
  void begin(Mirror mirror, std::uint64_t repositories);

  /// A repository's tags are known: so many are ahead, without those that the rules leave out.
  void expect_tags(std::uint64_t number);
  /// So many of them are left out after all.
  void drop_tags(std::uint64_t number);

  void add(const TagResult& result);

  /// A repository could not be listed; with a null `problem`, it was not its turn any more.
  void add_repository(const std::string& source_name, const std::exception_ptr& problem);
  /// A repository is over.
  void count_repository();

  /// Of a plan: what its tags share, and the requests that belong to none of them.
  void count_plan(std::uint64_t bytes_shared, std::uint64_t requests);

  /// A whole job could not be begun; with a null `problem`, it was not its turn any more.
  void add_mirror(const Mirror& mirror, const std::exception_ptr& problem);
  /// The run was stopped.
  void interrupt();
  [[nodiscard]] bool has_failures();
  /// How often begin() was called.
  [[nodiscard]] std::uint64_t mirrors_begun();

  /// Writes the summary and ends the files. A full disk does not end a run: the first error of
  /// writing is in the summary.
  Summary finish();

private:
  class Lines;

  void write(const std::string& record, const TagResult* tag);
  void write(Lines* lines, const std::string& text);
  void try_to_write(const std::function<void()>& write);
  void count(const TagResult& result);
  void count_planned(const TagResult& result);
  void count_failure(const std::exception_ptr& problem);
  void note_failure(const std::string& what, const std::exception_ptr& problem);
  void note_hint(const std::string& hint);
  void note_alike();
  [[nodiscard]] double share_over() const;
  void tell();

  Progress& progress_;
  OnRecord on_record_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::mutex mutex_; ///< guards what follows
  Mirror mirror_;
  std::uint64_t mirrors_begun_ = 0;
  std::uint64_t repositories_ahead_ = 0;
  std::uint64_t repositories_listed_ = 0; ///< or given up
  std::uint64_t tags_ahead_ = 0;
  std::uint64_t tags_over_ = 0;
  std::unique_ptr<Lines> report_;
  std::unique_ptr<Lines> failures_;
  std::unique_ptr<AtomicFile> plan_;
  bool is_plan_whole_ = true;
  std::string noted_message_;        ///< of the last failure
  std::uint64_t alike_ = 0;          ///< failures since then that had the same
  std::string names_alike_;          ///< the first of those
  std::set<std::string> told_hints_; ///< the last of them; not all, since each may name its tag
  Summary summary_;
};

} // namespace regctl::ops::mirror
