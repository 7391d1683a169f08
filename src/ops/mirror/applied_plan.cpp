// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/applied_plan.hpp"

#include <regctl/base/error.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace regctl::ops::mirror {

namespace {

bool is_of(const PlanLine& line, const MirrorJob& job) {
  return line.from.empty() ||
         (line.from == job.source.to_string() && line.to == job.destination.to_string());
}

/// The last safeguard: tags protected by the current rules stay, even if the plan was made under
/// others.
void keep_protected(PlannedTag& tag, const Rules& rules) {
  if (tag.action == Action::remove && rules.protects(tag.tag)) {
    tag.action = Action::skip;
    tag.reason = "protected";
  }
}

} // namespace

bool is_remark(std::string_view line) noexcept {
  const auto begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos || line[begin] == '#';
}

class AppliedPlan::Tasks {
public:
  Tasks(const AppliedPlan& plan, const MirrorJob& job)
      : plan_(plan), job_(job), lines_(plan.lines()) {}

  std::optional<RepositoryTask> next() {
    if (!peek()) {
      return std::nullopt;
    }
    RepositoryTask task;
    task.source_name = ahead_->tag.source_name;
    if (ahead_->is_repository) {
      ahead_.reset();
      return task;
    }
    task.destination_name = ahead_->tag.destination_name;
    task.planned.emplace();
    for (; peek() && belongs_to(task); ahead_.reset()) {
      keep_protected(ahead_->tag, job_.rules);
      task.planned->push_back(std::move(ahead_->tag));
    }
    return task;
  }

private:
  [[nodiscard]] bool belongs_to(const RepositoryTask& task) const {
    return !ahead_->is_repository && ahead_->tag.source_name == task.source_name &&
           ahead_->tag.destination_name == task.destination_name;
  }

  bool peek() {
    while (!ahead_) {
      const auto line = lines_.next();
      if (!line) {
        return false;
      }
      if (is_remark(*line)) {
        continue;
      }
      if (auto parsed = parse_plan_line(*line, lines_.where()); plan_.takes(job_, parsed)) {
        ahead_ = std::move(parsed);
      }
    }
    return true;
  }

  const AppliedPlan& plan_;
  const MirrorJob& job_;
  LineReader lines_;
  std::optional<PlanLine> ahead_;
};

AppliedPlan::AppliedPlan(const std::string& path, const std::vector<MirrorJob>& jobs,
                         const std::optional<Shard>& shard)
    : what_(input_name(path)), jobs_(jobs), shard_(shard) {
  auto fd = open_input(path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    throw_errno("read " + what_, errno);
  }
  if (S_ISREG(info.st_mode)) {
    kept_.size_bytes = static_cast<std::uint64_t>(info.st_size);
    kept_.file = std::make_shared<const FileDescriptor>(std::move(fd));
  } else { // a pipe can be read only once
    kept_ = keep_bytes(*make_fd_source(std::move(fd), what_));
  }
  auto lines = this->lines();
  while (const auto line = lines.next()) {
    if (!is_remark(*line)) {
      check(parse_plan_line(*line, lines.where()), lines.where());
    }
  }
}

AppliedPlan::Next AppliedPlan::tasks_of(const MirrorJob& job) const {
  return [tasks = std::make_shared<Tasks>(*this, job)] { return tasks->next(); };
}

LineReader AppliedPlan::lines() const {
  return {make_range_source(kept_.file, 0, kept_.size_bytes, what_), what_};
}

bool AppliedPlan::wants_all_of(const MirrorJob& job) const {
  return std::find(whole_.begin(), whole_.end(), &job) != whole_.end();
}

void AppliedPlan::check(const PlanLine& line, const std::string& where) {
  if (line.from.empty() && jobs_.size() > 1) {
    throw Error(ErrorKind::usage, where + " does not say of which mirror it is",
                "name SOURCE and DEST instead of a mirror file");
  }
  const auto job = std::find_if(jobs_.begin(), jobs_.end(),
                                [&](const MirrorJob& each) { return is_of(line, each); });
  if (job == jobs_.end()) {
    throw Error(ErrorKind::usage,
                where + " is of the mirror from " + line.from + " to " + line.to +
                    (jobs_.size() > 1
                         ? ", which is none of the mirror file's"
                         : ", and this one is from " + jobs_.front().source.to_string() + " to " +
                               jobs_.front().destination.to_string()),
                "name the ends with which the plan was made");
  }
  const bool has_rules = line.is_mirror ? job->has_rules() : job->rules.shape_repositories();
  if (line.is_ruled && !has_rules) {
    throw Error(ErrorKind::usage,
                where + ": what is mirrored of " +
                    (line.is_mirror ? line.from : line.tag.source_name) +
                    " is a matter of rules, and --apply has none",
                line.is_mirror ? "mirror it again with its rules, without --apply"
                               : "give this file to --repositories-from, beside the rules");
  }
  if (line.is_mirror) {
    for (const auto& each : jobs_) {
      if (is_of(line, each)) {
        whole_.push_back(&each);
      }
    }
  }
}

/// If several jobs have the same ends, a tag belongs to the first one that takes it; a repository
/// belongs to every job that mirrors it.
bool AppliedPlan::takes(const MirrorJob& job, const PlanLine& line) const {
  const auto& name = line.tag.source_name;
  if (line.is_mirror || !is_of(line, job) || (shard_ && !shard_->takes(name))) {
    return false;
  }
  if (line.is_repository) {
    return job.rules.repositories.takes(name);
  }
  return &job == &*std::find_if(jobs_.begin(), jobs_.end(),
                                [&](const MirrorJob& each) { return is_of(line, each); });
}

} // namespace regctl::ops::mirror
