// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/engine.hpp"
#include "ops/mirror/listing.hpp"
#include "ops/mirror/repository_work.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/ops/mirror/mirror.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace regctl::ops::mirror {

namespace {

/// The repository or tag that an endpoint names; nothing for a whole registry, tree or archive.
const Reference* named(const Endpoint& endpoint) {
  return endpoint.place && endpoint.place->reference ? &*endpoint.place->reference : nullptr;
}

std::string below(const std::string& name_space, const std::string& name) {
  return name_space.empty() ? name : name_space + "/" + name;
}

void check_ends(const MirrorJob& job) {
  const auto* source = named(job.source);
  const auto* destination = named(job.destination);
  for (const auto* end : {source, destination}) {
    if (end != nullptr && end->digest) {
      throw Error(ErrorKind::usage, "protocol v1 has no digests: " + end->to_string());
    }
  }
  if (destination != nullptr && source == nullptr) {
    throw Error(ErrorKind::usage,
                job.destination.to_string() + " is one repository, for many that are mirrored",
                "name a registry (HOST[:PORT]) or a namespace (HOST[:PORT]/NAMESPACE/)");
  }
  if (destination != nullptr && destination->tag && destination->tag != source->tag) {
    throw Error(ErrorKind::usage, "a mirror does not give tags other names",
                "regctl copy " + job.source.to_string() + " " + job.destination.to_string());
  }
}

std::string destination_name(const MirrorJob& job, const std::string& source_name) {
  if (const auto* destination = named(job.destination)) {
    return destination->name;
  }
  return below(job.destination.name_space, job.rules.destination_name(source_name));
}

/// The names to be mirrored, as the source lists them or as the user named them.
std::vector<std::string> list_names(const JobState& state) {
  const auto& job = state.job;
  if (const auto* source = named(job.source)) {
    return {source->name};
  }
  if (!state.options.repositories) {
    return state.source->repositories();
  }
  auto names = *state.options.repositories;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  try {
    const auto listed = state.source->repositories();
    auto& progress = state.session.progress();
    const auto& from = state.options.repositories_name;
    note_difference(progress, names, from, listed, state.source->describe());
    note_difference(progress, listed, state.source->describe(), names, from);
  } catch (const Error& error) { // where nothing can be listed, nothing can disagree
    if (error.kind() != ErrorKind::unsupported) {
      throw;
    }
  }
  return names;
}

bool is_taken(const JobState& state, const std::string& name) {
  const auto& job = state.job;
  const auto& name_space = job.source.name_space;
  return (name_space.empty() || name.starts_with(name_space + "/")) &&
         job.rules.repositories.takes(name) &&
         (!state.options.shard || state.options.shard->takes(name));
}

/// Two repositories of one name would take turns at its tags.
void check_names(const JobState& state, const std::vector<std::string>& names) {
  std::set<std::string> taken;
  const bool is_one_place = state.source->identity() == state.destination->identity();
  for (const auto& name : names) {
    std::string there;
    try {
      there = destination_name(state.job, name);
    } catch (const Error&) {
      continue; // told when it is its turn
    }
    if (is_one_place && there == name) {
      throw Error(ErrorKind::usage,
                  "source and destination are both " + state.source->describe() + "/" + name,
                  "another name at the destination is made by --prefix and --rename");
    }
    if (!taken.insert(there).second) {
      throw Error(ErrorKind::usage,
                  "several repositories would become " + there + ", one of them " + name,
                  "look at --rename");
    }
  }
}

/// A repository that cannot even be begun.
class HopelessWork final : public RepositoryWork {
public:
  HopelessWork(Report& report, std::string name, std::exception_ptr problem)
      : report_(report), name_(std::move(name)), problem_(std::move(problem)) {}

  std::vector<PlannedTag> plan() override { rethrow_copy(problem_); }
  std::unique_ptr<Transfer> open(const PlannedTag&) override { rethrow_copy(problem_); }
  void tag_over(const TagResult& result) override { report_.add(result); }
  void over(Ending ending, const std::exception_ptr& problem) override {
    report_.add_repository(name_, ending == Ending::failed ? problem : nullptr);
  }

private:
  Report& report_;
  std::string name_;
  std::exception_ptr problem_;
};

std::unique_ptr<RepositoryWork> make_work(JobState& state, const std::string& name) {
  RepositoryTask task;
  task.source_name = name;
  try {
    task.destination_name = destination_name(state.job, name);
  } catch (const Error&) {
    return std::make_unique<HopelessWork>(state.report, name, std::current_exception());
  }
  if (const auto* source = named(state.job.source)) {
    task.tag = source->tag;
    task.is_named = true;
  }
  task.is_named = task.is_named || state.options.repositories;
  return make_repository_work(state, std::move(task));
}

/// Reads a plan line by line and makes one task of the lines that belong to one repository, which
/// stand together.
class PlanReader {
public:
  explicit PlanReader(const std::string& file) : lines_(file) {}

  /// Nothing at the end.
  std::optional<RepositoryTask> next() {
    std::optional<RepositoryTask> task;
    for (; peek(); ahead_.reset()) {
      if (!task) {
        task.emplace();
        task->source_name = ahead_->source_name;
        task->destination_name = ahead_->destination_name;
        task->planned.emplace();
      } else if (task->source_name != ahead_->source_name ||
                 task->destination_name != ahead_->destination_name) {
        break;
      }
      task->planned->push_back(std::move(*ahead_));
    }
    return task;
  }

private:
  bool peek() {
    while (!ahead_) {
      const auto line = lines_.next();
      if (!line) {
        return false;
      }
      if (!line->empty()) {
        ahead_ = parse_planned_tag(*line, lines_.number());
      }
    }
    return true;
  }

  LineReader lines_;
  std::optional<PlannedTag> ahead_;
};

void run(JobState& state, const NextRepository& next) {
  SettledKeys settled;
  run_engine({state.session.jobs(), state.options.fail_fast}, settled, state.session.progress(),
             next);
  check_interrupted();
}

void apply_plan(JobState& state) {
  PlanReader check(state.options.apply); // a mistake in it is told before anything is done
  std::uint64_t repositories = 0;
  while (check.next()) {
    ++repositories;
  }
  PlanReader plan(state.options.apply);
  state.report.begin(state.job.source.to_string(), state.job.destination.to_string(), repositories);
  run(state, [&]() -> std::unique_ptr<RepositoryWork> {
    auto task = plan.next();
    return task ? make_repository_work(state, std::move(*task)) : nullptr;
  });
}

void mirror_all(JobState& state) {
  auto names = list_names(state);
  std::erase_if(names, [&](const std::string& name) { return !is_taken(state, name); });
  check_names(state, names);
  state.report.begin(state.job.source.to_string(), state.job.destination.to_string(), names.size());
  auto name = names.begin();
  run(state, [&]() -> std::unique_ptr<RepositoryWork> {
    return name == names.end() ? nullptr : make_work(state, *name++);
  });
}

void run_job(Session& session, const MirrorJob& job, const MirrorOptions& options, Report& report) {
  ImageCopy how;
  auto source = open_source(session, job.source);
  if (!source->holds_pushed_layers()) {
    how.plain_layers = PlainLayers::gzip;
  }
  const auto extent = named(job.source) == nullptr ? Extent::many : Extent::one;
  JobState state{session,
                 job,
                 options,
                 report,
                 std::move(source),
                 open_destination(session, job.destination, extent),
                 {},
                 how};
  if (options.apply.empty()) {
    mirror_all(state);
  } else {
    apply_plan(state);
  }
}

} // namespace

Summary mirror(Session& session, const std::vector<MirrorJob>& jobs, const MirrorOptions& options,
               const Report::OnTag& on_tag) {
  for (const auto& job : jobs) {
    check_ends(job);
  }
  Report report(options.files, session.progress(), on_tag);
  for (const auto& job : jobs) {
    try {
      run_job(session, job, options, report);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        report.interrupt();
        break;
      }
      report.add_mirror(job.source.to_string(), job.destination.to_string(),
                        std::current_exception());
    }
    if (options.fail_fast && report.has_failures()) {
      break;
    }
  }
  return report.finish();
}

} // namespace regctl::ops::mirror
