// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/ops/mirror/mirror.hpp>
#include <regctl/ops/mirror/summary.hpp>
#include <regctl/ops/progress.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace regctl::ops::mirror {

/// Where a run's results go: counted, written to files, handed to whoever shows them; failures are
/// noted. Thread-safe.
class Report {
public:
  /// Opens the files: what cannot be written is told before anything is done.
  Report(const ReportFiles& files, Progress& progress, OnRecord on_record);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

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
