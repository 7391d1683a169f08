// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/plan_line.hpp"
#include "ops/mirror/repository_work.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/ops/mirror/mirror.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// A line that is nothing but white space, or begins with '#'.
[[nodiscard]] bool is_remark(std::string_view line) noexcept;

/// A plan that is carried out (--apply): a file, or what comes by a pipe or standard input, which
/// is kept in a temporary file. Not thread-safe.
class AppliedPlan {
public:
  /// Looks at each line, so that a mistake is told before anything is done. Throws what opening and
  /// reading the file throws, Error{protocol} for a line that is neither a record nor a
  /// repository's name, Error{usage} for one that is of none of the jobs. `jobs` must outlive it.
  AppliedPlan(const std::string& path, const std::vector<MirrorJob>& jobs,
              const std::optional<Shard>& shard);

  using Next = std::function<std::optional<RepositoryTask>()>;

  /// Hands out what is to be done for one of the jobs in this share, and nothing at the end. Lines
  /// of one repository that stand together are one task; a repository that could not be listed is
  /// one without planned tags. Must not outlive the plan.
  [[nodiscard]] Next tasks_of(const MirrorJob& job) const;

  /// Whether a line wants all of it, as its rules say: a mirror that could not be begun.
  [[nodiscard]] bool wants_all_of(const MirrorJob& job) const;

private:
  class Tasks;

  [[nodiscard]] LineReader lines() const;
  void check(const PlanLine& line, const std::string& where);
  [[nodiscard]] bool takes(const MirrorJob& job, const PlanLine& line) const;

  std::string what_;
  KeptBytes kept_; ///< or the file itself
  const std::vector<MirrorJob>& jobs_;
  std::optional<Shard> shard_;
  std::vector<const MirrorJob*> whole_;
};

} // namespace regctl::ops::mirror
