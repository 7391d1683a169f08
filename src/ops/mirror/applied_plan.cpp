// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/applied_plan.hpp"

#include "ops/mirror/job_names.hpp"
#include "ops/mirror/planner.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>

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

bool have_same_ends(const MirrorJob& one, const MirrorJob& other) {
  return one.source.to_string() == other.source.to_string() &&
         one.destination.to_string() == other.destination.to_string();
}

/// Whether the job puts the repository where the line has it.
bool leads_there(const MirrorJob& job, const PlannedTag& tag) {
  try {
    return destination_name(job, tag.source_name) == tag.destination_name;
  } catch (const Error&) { // the job has no name for it
    return false;
  }
}

} // namespace

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
      plan_.keep_protected(*ahead_);
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
  for (const auto& job : jobs) {
    const auto& file = job.repositories_from;
    const bool is_alone = std::none_of(jobs.begin(), jobs.end(), [&](const MirrorJob& other) {
      return &other != &job && have_same_ends(other, job);
    });
    if (!is_alone && !file.empty() && file != "-") { // standard input is for the job itself
      names_.emplace(&job, read_names(file));
    }
  }
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
  if (std::none_of(jobs_.begin(), jobs_.end(),
                   [&](const MirrorJob& each) { return is_of(line, each); })) {
    throw Error(ErrorKind::usage,
                where + " is of the mirror from " + line.from + " to " + line.to +
                    (jobs_.size() > 1
                         ? ", which is none of the mirror file's"
                         : ", and this one is from " + jobs_.front().source.to_string() + " to " +
                               jobs_.front().destination.to_string()),
                "name the ends with which the plan was made");
  }
  const auto jobs = jobs_of(line);
  if (jobs.empty()) {
    throw Error(ErrorKind::usage,
                where + " is of " + line.tag.source_name + ", which no mirror from " + line.from +
                    " to " + line.to + " takes",
                "make the plan anew");
  }
  const bool has_rules = std::any_of(jobs.begin(), jobs.end(), [&](const MirrorJob* job) {
    return line.is_mirror ? job->has_rules() : job->rules.shape_repositories();
  });
  if (line.is_ruled && !has_rules) {
    throw Error(ErrorKind::usage,
                where + ": what is mirrored of " +
                    (line.is_mirror ? line.from : line.tag.source_name) +
                    " is a matter of rules, and --apply has none",
                line.is_mirror ? "mirror it again with its rules, without --apply"
                               : "give this file to --repositories-from, beside the rules");
  }
  if (line.is_mirror) {
    whole_.insert(whole_.end(), jobs.begin(), jobs.end());
  }
  has_damage_ = has_damage_ || line.tag.is_damaged;
}

bool AppliedPlan::takes_repository(const MirrorJob& job, const std::string& name) const {
  const auto names = names_.find(&job);
  return job.rules.repositories.takes(name) &&
         (names == names_.end() ||
          std::binary_search(names->second.begin(), names->second.end(), familiar_name(name)));
}

std::vector<const MirrorJob*> AppliedPlan::jobs_of(const PlanLine& line) const {
  std::vector<const MirrorJob*> jobs;
  for (const auto& job : jobs_) {
    if (is_of(line, job)) {
      jobs.push_back(&job);
    }
  }
  if (jobs.size() > 1 && !line.is_mirror) {
    std::erase_if(
        jobs, [&](const MirrorJob* job) { return !takes_repository(*job, line.tag.source_name); });
  }
  return jobs;
}

/// A repository belongs to every job that mirrors it. A tag belongs to one: if several jobs mirror
/// its repository, to the first whose name for the repository and whose rules for tags fit best.
bool AppliedPlan::takes(const MirrorJob& job, const PlanLine& line) const {
  const auto& name = line.tag.source_name;
  if (line.is_mirror || !is_of(line, job) || (shard_ && !shard_->takes(name))) {
    return false;
  }
  if (line.is_repository) {
    return takes_repository(job, name);
  }
  const auto jobs = jobs_of(line);
  if (jobs.size() == 1) {
    return jobs.front() == &job;
  }
  const auto fit = [&](const MirrorJob* each) {
    return std::pair(leads_there(*each, line.tag),
                     filtered_by_name(each->rules, name, line.tag.tag).empty());
  };
  const auto best =
      std::max_element(jobs.begin(), jobs.end(), [&](const MirrorJob* one, const MirrorJob* other) {
        return fit(one) < fit(other);
      });
  return best != jobs.end() && *best == &job;
}

void AppliedPlan::keep_protected(PlanLine& line) const {
  auto& tag = line.tag;
  if (tag.action != Action::remove) {
    return;
  }
  const auto jobs = jobs_of(line);
  if (std::any_of(jobs.begin(), jobs.end(),
                  [&](const MirrorJob* job) { return job->rules.protects(tag.tag); })) {
    tag.action = Action::skip;
    tag.reason = "protected";
  }
}

} // namespace regctl::ops::mirror
