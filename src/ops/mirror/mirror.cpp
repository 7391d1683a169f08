// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/applied_plan.hpp"
#include "ops/mirror/engine.hpp"
#include "ops/mirror/job_names.hpp"
#include "ops/mirror/report.hpp"
#include "ops/mirror/repository_work.hpp"
#include "ops/mirror/state_file.hpp"
#include "ops/passage/learnt_facts.hpp"
#include "ops/passage/passage.hpp"
#include "ops/passage/place_fact.hpp"
#include "ops/places/side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/mirror/mirror.hpp>
#include <regctl/ops/places/names.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace regctl::ops::mirror {

namespace {

bool is_taken(const RunningJob& running, const std::string& name) {
  const auto& job = running.job;
  return is_below(job.source.name_space, name) && job.rules.repositories.takes(name) &&
         (!running.options.shard || running.options.shard->takes(name));
}

/// The origin of the names to mirror, for messages.
std::string origin_of_names(const RunningJob& running) {
  const auto& file = running.job.repositories_from;
  return file.empty() ? running.source.describe() : input_name(file);
}

/// The names to mirror: listed by the source, or named by the user.
std::vector<std::string> list_names(const RunningJob& running) {
  const auto& job = running.job;
  if (const auto* source = job.source.reference()) {
    return {source->name};
  }
  const auto is_in_scope = [&](const std::string& name) { return is_taken(running, name); };
  if (job.repositories_from.empty()) {
    return running.source.repositories(is_in_scope);
  }
  auto names = read_names(job.repositories_from);
  try {
    const auto listed = running.source.repositories(is_in_scope);
    auto& progress = running.session.progress();
    const auto from = origin_of_names(running);
    note_difference(progress, names, from, listed, running.source.describe(), is_in_scope);
    note_difference(progress, listed, running.source.describe(), names, from, is_in_scope);
  } catch (const Error& error) { // without a listing there is nothing to compare with
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    if (error.kind() != ErrorKind::unsupported) {
      running.session.progress().note(error.message() + "; what is named is mirrored all the same");
    }
  }
  return names;
}

/// Notes if the rules leave no repository, which may be a mistake. An empty share is not noted.
std::vector<std::string> choose_names(const RunningJob& running) {
  const auto& job = running.job;
  auto names = list_names(running);
  const bool lists_all = job.source.reference() == nullptr && job.repositories_from.empty();
  const auto lies_below = [&](const auto& name) { return is_below(job.source.name_space, name); };
  if (lists_all && !job.source.name_space.empty() &&
      std::none_of(names.begin(), names.end(), lies_below)) {
    throw_no_namespace(running.source, job.source.name_space, names);
  }
  const auto is_left_out = [&](const auto& name) {
    return !lies_below(name) || !job.rules.repositories.takes(name);
  };
  if (names.empty()) {
    auto& progress = running.session.progress();
    progress.note("there are no repositories in " + origin_of_names(running));
    if (running.source.is_remote() && job.repositories_from.empty()) {
      progress.note(
          "some registries list none without a term; --repositories-from FILE names them");
    }
  } else if (std::all_of(names.begin(), names.end(), is_left_out)) {
    running.session.progress().note("the rules leave out every repository of " +
                                    job.source.to_string());
  }
  std::erase_if(names, [&](const std::string& name) { return !is_taken(running, name); });
  return names;
}

/// Two repositories of one name would overwrite each other's tags.
void check_names(const RunningJob& running, const std::vector<std::string>& names) {
  std::set<std::string> taken;
  const bool is_one_place = running.source.identity() == running.destination.identity();
  for (const auto& name : names) {
    std::string there;
    try {
      there = destination_name(running.job, name);
    } catch (const Error&) {
      continue; // reported when its turn comes
    }
    if (is_one_place && there == name) {
      throw Error(ErrorKind::usage,
                  "source and destination are both " + running.source.describe() + "/" + name,
                  "another name at the destination is made by --prefix and --rename");
    }
    if (!taken.insert(there).second) {
      throw Error(ErrorKind::usage,
                  "several repositories would become " + there + ", one of them " + name,
                  "look at --rename");
    }
  }
}

/// The work on a repository that cannot begin.
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

/// Whether the user named a repository, so that it must exist.
enum class Named { no, yes };

std::unique_ptr<RepositoryWork> make_work(RunningJob& running, const std::string& name,
                                          Named named) {
  RepositoryTask task;
  task.source_name = name;
  try {
    task.destination_name = destination_name(running.job, name);
    running.owners.take(running.destination.identity() + "/" + task.destination_name,
                        running.source.identity() + "/" + name);
  } catch (const Error&) {
    return std::make_unique<HopelessWork>(running.report, name, std::current_exception());
  }
  if (const auto* source = running.job.source.reference()) {
    task.tag = source->tag;
  }
  task.is_named = named == Named::yes;
  return make_repository_work(running, std::move(task));
}

void run(RunningJob& running, const NextRepository& next) {
  SettledKeys settled;
  run_engine({running.jobs, running.options.fail_fast}, settled, running.session.progress(), next);
  check_interrupted();
}

/// A map tells of converted images alone.
void note_unmapped(const RunningJob& running) {
  if (!running.options.files.map.empty() && !running.passages.makes_images()) {
    running.session.progress().note("the map has nothing of " + running.job.source.to_string() +
                                    ", since no image of it is converted");
  }
}

Report::Mirror mirror_of(const MirrorJob& job) {
  return {job.source.to_string(), job.destination.to_string(), job.rules.shape_repositories(),
          job.has_rules()};
}

Report::Mirror mirror_of(const RunningJob& running) {
  auto mirror = mirror_of(running.job);
  if (running.passages.makes_images()) {
    mirror.conversion = Conversion::v1_to_oci;
  } else if (running.passages.takes_originals()) {
    mirror.conversion = Conversion::oci_to_v1;
  }
  return mirror;
}

void apply_plan(RunningJob& running, const AppliedPlan& plan) {
  const auto count = plan.tasks_of(running.job);
  std::uint64_t repositories = 0;
  while (count()) {
    ++repositories;
  }
  running.report.begin(mirror_of(running), repositories);
  run(running, [&, next = plan.tasks_of(running.job)]() -> std::unique_ptr<RepositoryWork> {
    auto task = next();
    if (!task) {
      return nullptr;
    }
    return task->planned ? make_repository_work(running, std::move(*task))
                         : make_work(running, task->source_name, Named::yes);
  });
}

void mirror_all(RunningJob& running) {
  const auto names = choose_names(running);
  check_names(running, names);
  running.report.begin(mirror_of(running), names.size());
  const bool are_named =
      running.job.source.reference() != nullptr || !running.job.repositories_from.empty();
  auto name = names.begin();
  run(running, [&]() -> std::unique_ptr<RepositoryWork> {
    return name == names.end() ? nullptr
                               : make_work(running, *name++, are_named ? Named::yes : Named::no);
  });
}

/// The limits of the whole run and of each registry in it. Created once, since several jobs share
/// them.
class Limits {
public:
  explicit Limits(const MirrorOptions& options) : options_(options) {
    if (options.bandwidth.is_limited()) {
      all_ = std::make_unique<BandwidthLimit>(options.bandwidth);
    }
    for (const auto& [host, registry] : options.registries) {
      if (registry.bandwidth.is_limited()) {
        hosts_.emplace(host, std::make_unique<BandwidthLimit>(registry.bandwidth));
      }
    }
  }

  [[nodiscard]] BandwidthLimits for_job(const MirrorJob& job) const {
    BandwidthLimits limits;
    if (all_) {
      limits.push_back(all_.get());
    }
    for (const auto& host : hosts(job)) {
      if (const auto found = hosts_.find(host); found != hosts_.end()) {
        limits.push_back(found->second.get());
      }
    }
    return limits;
  }

  [[nodiscard]] std::size_t jobs_for(const MirrorJob& job) const {
    auto jobs = options_.jobs;
    for (const auto& host : hosts(job)) {
      if (const auto found = options_.registries.find(host); found != options_.registries.end()) {
        jobs = std::min(jobs, found->second.jobs.value_or(jobs));
      }
    }
    return jobs;
  }

private:
  static std::vector<std::string> hosts(const MirrorJob& job) {
    std::vector<std::string> hosts;
    for (const auto* end : {&job.source, &job.destination}) {
      if (const auto host = registry_of(*end)) {
        hosts.push_back(host->host);
      }
    }
    return hosts;
  }

  const MirrorOptions& options_;
  std::unique_ptr<BandwidthLimit> all_;
  std::map<std::string, std::unique_ptr<BandwidthLimit>> hosts_;
};

std::string file_of_facts(const MirrorJob& job, const MirrorOptions& options) {
  if (!options.state_file.empty() || options.state_folder.empty()) {
    return options.state_file;
  }
  return state_file(options.state_folder, job.source, job.destination);
}

/// The requests for listings that carrying out a plan repeats.
std::uint64_t listing_requests(const RunningJob& running) {
  return running.options.dry_run
             ? running.source.listing_requests() + running.destination.listing_requests()
             : 0;
}

/// Whether the plan asks only for single lines of a job.
bool has_lines_only(const std::optional<AppliedPlan>& plan, const MirrorJob& job) {
  return plan && !plan->wants_all_of(job);
}

void note_unused_originals(const RunningJob& running) {
  if (running.job.rules.originals && !running.passages.takes_originals()) {
    running.session.progress().note(
        "no originals are looked for: from " + running.job.source.to_string() + " to " +
        running.job.destination.to_string() + " no OCI image becomes a v1 image");
  }
}

/// The repository that the user named for the originals; empty if there is none.
std::string name_of_originals(const MirrorJob& job) {
  const auto* name = job.rules.originals ? job.rules.originals->reference() : nullptr;
  return name == nullptr ? "" : name->name;
}

/// Everything that jobs of one run know of each other: which repositories of each destination have
/// which blobs, or will have them as planned, and which layers of v1 images became which of them.
/// Images of several jobs may share their base: it is fetched once, and mounted from the repository
/// that got it.
class KnownBlobs {
public:
  /// Of jobs between the same sides into the same form.
  struct Shared {
    std::shared_ptr<Conversions> conversions = make_conversions();
    Forecast forecast; ///< by the images of the source
  };
  [[nodiscard]] Shared& between(const Side& source, const Side& destination, OciForm form) {
    constexpr std::size_t k_most = 8; // so that memory does not grow with the mirrors of a file
    const Key key{source.identity(), destination.identity(), form};
    if (shared_.size() == k_most && !shared_.contains(key)) {
      shared_.clear();
    }
    return shared_[key];
  }

  /// Of jobs from OCI images to OCI images, by their blobs.
  [[nodiscard]] Forecast& forecast(const Side& destination) {
    return forecasts_[destination.identity()];
  }

  [[nodiscard]] BlobPlaces& at(const Side& destination) {
    auto& places = places_[destination.identity()];
    if (!places) {
      places = make_blob_places();
    }
    return *places;
  }

private:
  using Key = std::tuple<std::string, std::string, OciForm>;

  std::map<std::string, std::shared_ptr<BlobPlaces>> places_;
  std::map<Key, Shared> shared_;
  std::map<std::string, Forecast> forecasts_;
};

void run_job(Session& session, const MirrorJob& job, const MirrorOptions& options,
             const Limits& limits, const std::optional<AppliedPlan>& plan, Owners& owners,
             KnownBlobs& blobs, Report& report) {
  const auto source = open_source(session, job.source);
  // Before the destination, which is made if it is not there.
  const auto originals =
      job.rules.originals ? open_originals(session, *job.rules.originals) : nullptr;
  const auto extent = job.source.reference() == nullptr ? Extent::many : Extent::one;
  const auto destination = open_destination(session, job.destination, extent,
                                            options.dry_run ? Purpose::plan : Purpose::write);
  LearntFacts facts(file_of_facts(job, options), is_fact,
                    [&](const std::string& text) { session.progress().note(text); });
  auto& places = blobs.at(*destination);
  const RememberedPlaces remembered(places, facts);
  auto& shared = blobs.between(*source, *destination, job.rules.form);
  Passages passages(session, *source, *destination, facts,
                    {limits.for_job(job), options.require_checksum, job.rules.platforms,
                     job.rules.form, job.rules.referrers, options.verify_destination,
                     originals.get(), name_of_originals(job), &places, shared.conversions.get()});
  const bool are_oci = source->model() == Model::oci && destination->model() == Model::oci;
  auto& forecast = are_oci ? blobs.forecast(*destination) : shared.forecast;
  const auto shared_before = forecast.shared_bytes();
  RunningJob running{session, job,          options,  report,
                     *source, *destination, passages, limits.jobs_for(job),
                     owners,  forecast};
  running.writes_map = !options.files.map.empty() && passages.makes_images();
  note_unmapped(running);
  note_unused_originals(running);
  try {
    if (has_lines_only(plan, job)) {
      apply_plan(running, *plan);
    } else {
      mirror_all(running);
      report.count_plan(forecast.shared_bytes() - shared_before, listing_requests(running));
    }
  } catch (...) {
    facts.save();
    throw;
  }
  facts.save();
}

/// Whether two names are the same regular file, so that writing to one name destroys the other's
/// content. Pipes and devices take all writers.
bool are_one_file(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) {
    return false;
  }
  std::error_code problem; // reported when the file is opened
  if (!std::filesystem::exists(one, problem)) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(one), problem) ==
           std::filesystem::weakly_canonical(std::filesystem::absolute(other), problem);
  }
  return std::filesystem::is_regular_file(one, problem) &&
         std::filesystem::equivalent(one, other, problem) && !problem;
}

/// A file that a run writes.
struct Written {
  const std::string& file;
  std::string_view what;
};

void check_written(const std::vector<Written>& all) {
  for (auto one = all.begin(); one != all.end(); ++one) {
    for (auto other = std::next(one); other != all.end(); ++other) {
      if (are_one_file(one->file, other->file)) {
        throw Error(ErrorKind::usage,
                    "'" + other->file + "' is to have " + std::string(one->what) + " and " +
                        std::string(other->what),
                    "name another file for one of them");
      }
    }
  }
}

/// Checks that no file is both written and read. The report and the list of failures are truncated
/// at the start, so that their earlier lines would be lost before they are read.
void check_files(const std::vector<MirrorJob>& jobs, const MirrorOptions& options) {
  const auto& files = options.files;
  std::vector<std::string> read = {options.apply};
  for (const auto& job : jobs) {
    read.push_back(job.repositories_from);
  }
  for (const auto& file : read) {
    for (const auto& written : {files.report, files.failures}) {
      if (are_one_file(file, written)) {
        throw Error(ErrorKind::usage, "'" + written + "' would be overwritten before it is read",
                    "write to another file");
      }
    }
  }
  check_written({{files.report, "the report"},
                 {files.failures, "what failed"},
                 {files.plan, "the plan"},
                 {files.map, "the map"},
                 {options.state_file, "what was learnt of images"},
                 {options.metrics_file, "the metrics"}});
}

/// Refuses to mirror a whole registry or tree onto itself under the same names.
void check_not_itself(const MirrorJob& job) {
  if (job.rules.renames.empty() && job.rules.prefix.empty() &&
      job.source.to_string() == job.destination.to_string()) {
    throw Error(ErrorKind::usage, "source and destination are both " + job.source.to_string(),
                "another name at the destination is made by --prefix and --rename");
  }
}

/// Reports the lines of a plan for a job as not done or failed, line by line, so that their actions
/// are kept: the mirror as a whole would be planned from scratch.
void leave_lines(const MirrorJob& job, const AppliedPlan& plan, const std::exception_ptr& problem,
                 Report& report) {
  report.begin(mirror_of(job), 0);
  const auto next = plan.tasks_of(job);
  while (auto task = next()) {
    if (!task->planned) {
      report.add_repository(task->source_name, problem);
      continue;
    }
    std::erase_if(*task->planned, [](const PlannedTag& tag) { return !is_work(tag); });
    report.expect_tags(task->planned->size());
    for (auto& tag : *task->planned) {
      TagResult result;
      result.outcome = problem ? TagResult::Outcome::failed : TagResult::Outcome::not_done;
      result.problem = problem;
      result.tag = std::move(tag);
      report.add(result);
    }
  }
}

/// Reports a mirror that could not begin, or was never reached (`problem` is null then).
void leave(const MirrorJob& job, const std::optional<AppliedPlan>& plan,
           const std::exception_ptr& problem, Report& report) {
  if (has_lines_only(plan, job)) {
    leave_lines(job, *plan, problem, report);
  } else {
    report.add_mirror(mirror_of(job), problem);
  }
}

} // namespace

void check_run(const std::vector<MirrorJob>& jobs, const MirrorOptions& options) {
  for (const auto& job : jobs) {
    refuse_digest(job.source);
    refuse_digest(job.destination);
    check_ends(job.source, job.destination);
    check_not_itself(job);
  }
  check_files(jobs, options);
}

Summary mirror(Session& session, const std::vector<MirrorJob>& jobs, const MirrorOptions& options,
               const MirrorListener& listener) {
  check_run(jobs, options);
  std::optional<AppliedPlan> plan;
  if (!options.apply.empty()) {
    plan.emplace(options.apply, jobs, options.shard);
  }
  auto job_options = options; // without a look, what is damaged would be taken for there
  job_options.verify_destination = options.verify_destination || (plan && plan->has_damage());
  Report report(options.files, session.progress(), listener);
  if (plan || options.shard) {
    report.looks_at_a_part();
  }
  const Limits limits(options);
  Owners owners;
  KnownBlobs blobs;
  bool is_over = false;
  for (const auto& job : jobs) {
    if (has_lines_only(plan, job) && !plan->tasks_of(job)()) {
      continue; // the plan has no line of it, and its ends may be unreachable
    }
    if (is_over) {
      leave(job, plan, nullptr, report);
      continue;
    }
    const auto begun = report.mirrors_begun();
    try {
      run_job(session, job, job_options, limits, plan, owners, blobs, report);
    } catch (const Error& error) {
      is_over = error.kind() == ErrorKind::interrupted;
      if (is_over) {
        report.interrupt();
      } else if (jobs.size() > 1 && !has_lines_only(plan, job)) { // otherwise reported elsewhere
        session.progress().failure(job.source.to_string() + " to " + job.destination.to_string() +
                                   ": " + error.message());
      }
      if (!is_over || report.mirrors_begun() == begun) { // otherwise its repositories are reported
        leave(job, plan, is_over ? nullptr : std::current_exception(), report);
      }
    }
    is_over = is_over || (options.fail_fast && report.has_failures());
  }
  return report.finish();
}

} // namespace regctl::ops::mirror
