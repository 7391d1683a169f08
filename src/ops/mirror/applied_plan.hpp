// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/plan_line.hpp"
#include "ops/mirror/repository_work.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/ops/mirror/mirror.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// A plan to carry out (--apply). It is a file, or the input of a pipe or of standard input, which
/// is kept in a temporary file. Not thread-safe.
class AppliedPlan {
public:
  /// Checks every line, so that a mistake is found before any work is done. Throws the errors of
  /// opening and reading the file, Error{protocol} for a line that is neither a record nor a
  /// repository's name, Error{usage} for a line that belongs to none of the jobs. Of several jobs
  /// with the same ends a line belongs to those that take its repository. `jobs` must outlive this.
  AppliedPlan(const std::string& path, const std::vector<MirrorJob>& jobs,
              const std::optional<Shard>& shard);

  using Next = std::function<std::optional<RepositoryTask>()>;

  /// Returns a function that returns the tasks of a job in this share one by one, then nothing.
  /// Adjacent lines of one repository are one task. A repository that could not be listed is a task
  /// without planned tags. The function must not outlive this.
  [[nodiscard]] Next tasks_of(const MirrorJob& job) const;

  /// Whether a line asks for the whole job under its rules, since the mirror could not begin
  /// before.
  [[nodiscard]] bool wants_all_of(const MirrorJob& job) const;

  /// Whether a line is of a tag whose image was found damaged at the destination.
  [[nodiscard]] bool has_damage() const noexcept { return has_damage_; }

private:
  class Tasks;

  [[nodiscard]] LineReader lines() const;
  void check(const PlanLine& line, const std::string& where);
  [[nodiscard]] bool takes(const MirrorJob& job, const PlanLine& line) const;
  [[nodiscard]] bool takes_repository(const MirrorJob& job, const std::string& name) const;
  /// The jobs with the line's ends; if there are several, those that take its repository.
  [[nodiscard]] std::vector<const MirrorJob*> jobs_of(const PlanLine& line) const;
  /// The last safeguard: tags protected by the current rules of any of the line's jobs stay, even
  /// if the plan was made under others.
  void keep_protected(PlanLine& line) const;

  std::string what_;
  KeptBytes kept_; ///< the copy of a pipe's input; empty for a file
  const std::vector<MirrorJob>& jobs_;
  std::optional<Shard> shard_;
  std::map<const MirrorJob*, std::vector<std::string>> names_; ///< of jobs with a file of them,
                                                               ///< if others have the same ends
  std::vector<const MirrorJob*> whole_;
  bool has_damage_ = false;
};

} // namespace regctl::ops::mirror
