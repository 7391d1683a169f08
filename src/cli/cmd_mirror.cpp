// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/mirror_flags.hpp"
#include "cli/mirror_import.hpp"
#include "cli/mirror_metrics.hpp"
#include "cli/mirror_plan_table.hpp"
#include "cli/mirror_text.hpp"
#include "cli/scope_flags.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/ops/problem.hpp>
#include <regctl/server/http/page_server.hpp>

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace regctl::cli {

namespace {

using ops::mirror::Summary;
using ops::mirror::TagResult;

ExitCode exit_code_of(const Summary& summary) {
  if (!summary.has_failures()) {
    return ExitCode::ok;
  }
  if (summary.has_successes() || !summary.has_one_cause) {
    return ExitCode::partial;
  }
  const auto kind = ops::explain(summary.first_problem).kind;
  return kind ? cli::exit_code_of(*kind) : ExitCode::failed;
}

/// The output of a pass: JSON, the table of a plan, or a line for each tag.
class Output {
public:
  Output(const MirrorRun& run, Context& context) : run_(run), context_(context) {
    if (run.options.dry_run && !context.wants_json()) {
      table_.emplace(context, run.shown);
    }
  }

  ops::mirror::MirrorListener listener() {
    if (context_.wants_json()) {
      return {.on_record = [this](auto& json) { context_.print_line(visible_json(json)); },
              .on_tag = {}};
    }
    return {.on_record = {}, .on_tag = [this](auto& result) { add(result); }};
  }

  void finish(const Summary& summary) {
    if (table_) {
      table_->finish(summary, run_.options.asks_sizes ? SizesAsked::yes : SizesAsked::no);
    } else {
      context_.note(summary_line(summary, run_.options.dry_run));
    }
  }

private:
  void add(const TagResult& result) {
    if (table_) {
      table_->add(result);
    } else {
      add_line(result_line(result, run_.shown));
    }
  }

  void add_line(const std::string& line) {
    if (!line.empty()) {
      context_.print_line(visible(line));
    }
  }

  const MirrorRun& run_;
  Context& context_;
  std::optional<MirrorPlanTable> table_;
};

/// Writes the metrics, even after an interruption: an interrupted pass counts too.
void write_metrics(const std::string& path, const MirrorMetrics& metrics) {
  if (!path.empty()) {
    AtomicFile file(path);
    file.write(as_bytes(metrics.print()), OnInterrupt::go_on);
    file.commit();
  }
}

/// Fails before a pass that may take hours if the metrics cannot be written. Does not change an
/// existing file.
void check_metrics_file(const std::string& path) {
  if (!path.empty()) {
    AtomicFile{path};
  }
}

/// Counts a pass without a summary: its files cannot be written, or its options are invalid.
void count_failed(const MirrorRun& run, Context& context, MirrorMetrics& metrics,
                  const Error& error) {
  Summary summary;
  summary.is_interrupted = error.kind() == ErrorKind::interrupted;
  metrics.add(summary, /*is_good=*/false, context.console().now());
  try {
    write_metrics(run.metrics_file, metrics);
  } catch (const Error& second) {
    context.note(second.message());
  }
}

Summary mirror(const MirrorRun& run, Context& context, Output& output, MirrorMetrics& metrics) {
  try {
    return context.verbs().mirror(run.jobs, run.options, output.listener());
  } catch (const Error& error) {
    count_failed(run, context, metrics, error);
    throw;
  }
}

/// Notes unmatched patterns unless names were only partly compared: --apply makes no plan, and a
/// share does not see all tags.
ExitCode note_unmatched(const MirrorRun& run, Context& context, const Summary& summary,
                        ExitCode code) {
  if (!run.options.apply.empty() || summary.mirrors_failed + summary.mirrors_not_done > 0) {
    return code;
  }
  const bool has_all_tags =
      !run.options.shard && summary.repositories_failed == 0 && summary.repositories_not_done == 0;
  std::vector<std::string> patterns;
  for (const auto& job : run.jobs) {
    const auto found = unmatched_patterns(job.rules.repositories, job.rules.tags,
                                          has_all_tags ? ops::ComparedNames::repositories_and_tags
                                                       : ops::ComparedNames::repositories);
    patterns.insert(patterns.end(), found.begin(), found.end());
  }
  return note_unmatched(context, patterns, run.is_strict, code);
}

/// In "mirror old:5000 backup", "backup" may have been meant as a new folder. Notes that it was
/// taken for a registry.
void note_words(const MirrorRun& run, Context& context, ExitCode code) {
  for (const auto& job : run.jobs) {
    const auto& host = job.destination.host;
    const bool is_word = host && host->host.find_first_of(".:") == std::string::npos;
    if (code == ExitCode::unavailable && is_word && host->host != "localhost") {
      context.note("'" + host->host + "' was taken for a registry; for a storage tree, write " +
                   "v1-storage:" + host->host);
    }
  }
}

/// Runs one pass over all jobs.
ExitCode run_once(const MirrorRun& run, Context& context, MirrorMetrics& metrics) {
  Output output(run, context);
  const auto summary = mirror(run, context, output, metrics);
  const bool is_good = !summary.has_failures() && !summary.is_interrupted && !summary.write_problem;
  output.finish(summary);
  metrics.add(summary, is_good, context.console().now());
  write_metrics(run.metrics_file, metrics);
  if (summary.write_problem) {
    std::rethrow_exception(summary.write_problem);
  }
  if (summary.is_interrupted) {
    throw Error(ErrorKind::interrupted, "interrupted");
  }
  const auto code = note_unmatched(run, context, summary, exit_code_of(summary));
  note_words(run, context, code);
  const bool is_told = run.jobs.size() > 1; // each failure was reported during the run
  if (summary.mirrors_failed > 0 && !is_told) {
    std::rethrow_exception(summary.first_problem);
  }
  const bool has_work = run.tells_work && run.options.dry_run && summary.plan.changes() > 0;
  return code == ExitCode::ok && has_work ? ExitCode::work : code;
}

/// The interval, lengthened by up to a tenth at random so that many mirrors do not stay in step.
long with_jitter_ms(std::chrono::seconds interval) {
  std::mt19937 random(std::random_device{}());
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(interval).count();
  return static_cast<long>(ms + std::uniform_int_distribution<long long>(0, ms / 10)(random));
}

/// Runs a pass. If it fails as a whole, the error is noted and the next pass still comes. A usage
/// error in the first pass (`before` is absent) is thrown, since the user has just typed the
/// command.
ExitCode try_once(const MirrorRun& run, Context& context, MirrorMetrics& metrics,
                  const std::optional<ExitCode>& before) {
  try {
    return run_once(run, context, metrics);
  } catch (const Error& error) {
    const bool is_hopeless = error.kind() == ErrorKind::usage && !before;
    if (error.kind() == ErrorKind::interrupted || is_hopeless) {
      throw;
    }
    context.note(error.message());
    return cli::exit_code_of(error.kind());
  }
}

/// Reads the mirror file again. If it has mistakes now, the earlier run is kept.
void reload(const MirrorFlags& flags, Context& context, MirrorRun& run) {
  if (context.globals().config.empty()) {
    return; // without a file the signal only asks for a pass
  }
  try {
    run = plan_run(flags, context);
    context.note("the mirror file was read again");
  } catch (const Error& error) {
    context.note(error.message() + "; going on with what it said before");
  }
}

ExitCode watch(const MirrorFlags& flags, Context& context, MirrorRun run, MirrorMetrics& metrics) {
  note_hangups();
  std::optional<ExitCode> code;
  try {
    for (;;) {
      code = try_once(run, context, metrics, code);
      if (wait_for_hangup_ms(with_jitter_ms(*flags.watch))) {
        reload(flags, context, run);
      }
    }
  } catch (const Error& error) {
    // An interruption between two passes leaves no work undone: a normal end.
    if (error.kind() != ErrorKind::interrupted || metrics.was_interrupted()) {
      throw;
    }
    return code.value_or(ExitCode::ok);
  }
}

/// Notes registries in the file that no mirror uses. They may be misspelt, and their settings then
/// have no effect.
void note_unused_registries(const MirrorRun& run, Context& context) {
  std::set<std::string> used;
  for (const auto& job : run.jobs) {
    for (const auto* end : {&job.source, &job.destination}) {
      if (const auto registry = ops::registry_of(*end)) {
        used.insert(registry->host);
      }
    }
  }
  for (const auto& [host, options] : run.options.registries) {
    if (!used.contains(host)) {
      context.note("no mirror is from or to " + host + ", whose settings are in registries");
    }
  }
}

ExitCode run_mirror(const MirrorFlags& flags, Context& context) {
  if (!flags.from_config.empty() || flags.from_program) {
    return print_imported(flags, context);
  }
  auto run = plan_run(flags, context);
  if (flags.check) {
    note_unused_registries(run, context);
    context.note("no mistakes in '" + context.globals().config + "': " +
                 std::to_string(run.jobs.size()) + (run.jobs.size() == 1 ? " mirror" : " mirrors"));
    return ExitCode::ok;
  }
  check_metrics_file(run.metrics_file);
  context.show_totals_only();
  MirrorMetrics metrics;
  std::unique_ptr<server::PageServer> page;
  if (!run.listen_metrics.empty()) {
    page = std::make_unique<server::PageServer>(run.listen_metrics, "/metrics",
                                                [&metrics] { return metrics.print(); });
    context.note("metrics at port " + std::to_string(page->port()));
  }
  return flags.watch ? watch(flags, context, std::move(run), metrics)
                     : run_once(run, context, metrics);
}

Action add_mirror(Arguments& arguments) {
  auto flags = std::make_shared<MirrorFlags>();
  add_mirror_flags(arguments, *flags);
  return [flags](Context& context) { return run_mirror(*flags, context); };
}

} // namespace

Command mirror_command() {
  return {{.name = "mirror",
           .aliases = {},
           .summary = "Make a registry hold what another one holds",
           .details =
               "Copies what is missing or different, tag by tag, and nothing twice: a second run "
               "moves nothing. Prints one line for each tag that changed. What fails is told "
               "and passed over, and the exit status is 10 then. --config names a mirror file "
               "here (regctl-mirror(5)).",
           .examples = {"regctl mirror old:5000 new:5000",
                        "regctl mirror old:5000/team/ new:5000 --semver '>=1.2' --latest 5",
                        "regctl mirror v1-storage:/srv/registry new:5000 --dry-run"}},
          add_mirror};
}

} // namespace regctl::cli
