// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_flags.hpp"

#include "cli/copy_result.hpp"
#include "cli/places.hpp"
#include "cli/scope_flags.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/base/user_folders.hpp>
#include <regctl/ops/mirror/config.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/ops/places/originals.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace regctl::cli {

namespace {

using ops::mirror::MirrorJob;

constexpr long k_most_tags = 1'000'000;

void add_filters(Arguments& arguments, MirrorFlags& flags) {
  auto& rules = flags.rules;
  add_filter_flags(arguments, rules.repositories, rules.tags, "Mirror");
  add_strict_flag(arguments, flags.run.strict);
  arguments.value(
      "--semver", "RANGE",
      [&rules](const std::string& text) { rules.semver = SemverRange::parse(text); },
      "Mirror tags that are versions in this range only, as in '>=1.2 <2'");
  arguments.value(
      "--latest", "N",
      number(1, k_most_tags, [&rules](long n) { rules.latest = static_cast<std::size_t>(n); }),
      "Mirror the newest N tags of a repository: by version, else by age");
  arguments.value(
      "--newer-than", "AGE",
      [&rules](const std::string& text) { rules.newer_than = parse_duration(text); },
      "Mirror images that were made less than this long ago, as in 90d");
  arguments.value(
      "--platform", "PLATFORM",
      [&rules](const std::string& text) { rules.platforms = oci::parse_platforms(text); },
      std::string("Of images for several platforms, only these: OS/ARCH[/VARIANT], separated by "
                  "commas. ") +
          k_platform_of_v1);
  add_form(arguments, flags.form);
  arguments.flag("--rescue", rules.rescue,
                 "Give what is sound of a v1 image that cannot be converted the tag TAG-rescued");
  add_originals(arguments, flags.originals);
  arguments.flag("--no-referrers", flags.no_referrers,
                 "Leave signatures, SBOMs and all else that refers to images");
  arguments.values(
      "--immutable-tags", "PATTERN",
      [&rules](const std::string& text) {
        rules.immutable_tags.push_back(ops::parse_tag_pattern(text));
      },
      "Tags with such a name never change: those on both sides are not asked for");
  arguments.value("--repositories-from", "FILE", flags.repositories_from,
                  "Mirror the repositories that this file names, one a line; '-' is standard "
                  "input");
  arguments.value(
      "--shard", "I/N",
      [&flags](const std::string& text) { flags.shard = ops::mirror::Shard::parse(text); },
      "Do the I-th of N shares of the repositories");
}

void add_names(Arguments& arguments, MirrorFlags& flags) {
  auto& rules = flags.rules;
  arguments.values(
      "--rename", "FROM=TO",
      [&rules](const std::string& text) {
        rules.renames.push_back(ops::mirror::Rename::parse(text));
      },
      "Give repositories that match another name; $1 is what the first group or wildcard caught");
  arguments.value(
      "--prefix", "TEXT",
      [&rules](const std::string& text) { rules.prefix = ops::mirror::parse_prefix(text); },
      "Put this before each name at the destination, as in mirror/");
}

void add_pruning(Arguments& arguments, MirrorFlags& flags) {
  auto& rules = flags.rules;
  arguments.flag("--prune", rules.prune.enabled,
                 "Remove tags that the source no longer has from the destination");
  arguments.value(
      "--prune-limit", "SHARE",
      [&flags](const std::string& text) { flags.prune_limit = parse_share(text); },
      "Remove at most this share of a repository's tags (default 10%)");
  arguments.flag("-y,--yes", flags.yes,
                 "Remove more than that, and publish what is private at the source");
  arguments.values(
      "--protect", "PATTERN",
      [&rules](const std::string& text) {
        rules.protected_tags.push_back(ops::parse_tag_pattern(text));
      },
      "Never remove tags with such a name");
}

void add_plans(Arguments& arguments, MirrorFlags& flags) {
  arguments.flag("-n,--dry-run", flags.dry_run, "Show what would be done, and do nothing");
  arguments.flag("--exit-code", flags.exit_code,
                 "With --dry-run: end with 11 if there is something to do");
  arguments.flag("--sizes", flags.sizes,
                 "With --dry-run: ask the source for sizes that are not known, a request for each "
                 "image");
  arguments.flag("--all", flags.all, "List also tags that stay as they are");
  arguments.value("--plan", "FILE", flags.plan, "Write what would be done here, and do nothing");
  arguments.value("--apply", "FILE", flags.apply,
                  "Do what --plan wrote, or again what --failures wrote; '-' is standard input");
  arguments.value("--report", "FILE", flags.run.report, "Write a JSON line for each tag here");
  arguments.value("--failures", "FILE", flags.run.failures,
                  "Write what failed here, for --apply and --repositories-from");
  arguments.value("--map", "FILE", flags.run.map,
                  "Write here what each v1 image became, for 'regctl map'");
  arguments.value("--state", "FILE", flags.run.state,
                  "Keep what was learnt of images here (default: a file for each pair of ends in "
                  "$XDG_STATE_HOME/regctl)");
  arguments.flag("--fail-fast", flags.run.fail_fast, "Stop at the first failure");
  arguments.flag("--require-checksum", flags.run.require_checksum,
                 "Fail tags with a layer of which the source tells no checksum");
  arguments.flag(
      "--verify-destination", flags.run.verify_destination,
      "Look at what the destination has of each tag, and send what is gone or wrong again");
  arguments.flag("--check", flags.check, "With --config: look for mistakes in the file only");
}

void add_import(Arguments& arguments, MirrorFlags& flags) {
  using ops::mirror::ForeignProgram;
  arguments.values(
      "--from-config", "FILE",
      [&flags](const std::string& text) { flags.from_config.push_back(text); },
      "Print the mirror file that does what this file of skopeo sync, regsync, image-syncer or "
      "dregsy says; '-' is standard input");
  arguments.value("--from-program", "skopeo|regsync|image-syncer|dregsy",
                  choice("skopeo|regsync|image-syncer|dregsy",
                         [&flags](std::size_t index) {
                           constexpr ForeignProgram k_programs[] = {
                               ForeignProgram::skopeo, ForeignProgram::regsync,
                               ForeignProgram::image_syncer, ForeignProgram::dregsy};
                           flags.from_program = k_programs[index];
                         }),
                  "With --from-config: whose file it is (default: its content tells)");
}

void add_pace(Arguments& arguments, MirrorFlags& flags) {
  auto& run = flags.run;
  arguments.value(
      "--bandwidth", "RATE",
      [&run](const std::string& text) { run.bandwidth = parse_bandwidth(text); },
      "Move no more than this, as in 20MB/s or '08:00-18:00: 5MB/s, 20MB/s'");
  arguments.flag("--gentle", run.gentle, "Spare a server that is about to give up: two at a time");
  arguments.value(
      "--watch", "INTERVAL",
      [&flags](const std::string& text) {
        flags.watch = parse_duration(text);
        if (flags.watch->count() == 0) {
          throw Error(ErrorKind::usage, "'" + text + "' is no pause");
        }
      },
      "Stay, and mirror again this long after each pass, as in 15m; SIGHUP reads the file again");
  arguments.value("--metrics-file", "FILE", run.metrics_file,
                  "Write the numbers of the last pass here for Prometheus");
  arguments.value("--listen-metrics", "ADDR:PORT", run.listen_metrics,
                  "Serve them at http://ADDR:PORT/metrics as long as the run takes");
}

} // namespace

void add_mirror_flags(Arguments& arguments, MirrorFlags& flags) {
  arguments.optional("SOURCE", flags.source,
                     "A registry (HOST[:PORT]), a namespace (HOST[:PORT]/NAMESPACE/), a repository "
                     "or tag (HOST[:PORT]/NAME[:TAG]), v1-storage:DIR[:NAME], "
                     "v2-storage:DIR[:NAME], or docker-archive:FILE");
  arguments.optional("DEST", flags.destination,
                     "A registry, a namespace, or for one repository another; v1-storage:DIR, "
                     "v2-storage:DIR");
  add_filters(arguments, flags);
  add_names(arguments, flags);
  add_pruning(arguments, flags);
  add_plans(arguments, flags);
  add_pace(arguments, flags);
  add_import(arguments, flags);
}

namespace {

using ops::mirror::MirrorConfig;

constexpr std::size_t k_gentle_jobs = 2;

MirrorConfig read_config(const std::string& file, const Environment& environment) {
  constexpr std::uint64_t k_limit_bytes = 4 * 1024 * 1024;
  return ops::mirror::parse_runnable_config(read_file(file, k_limit_bytes), file, environment);
}

/// Refuses rules about names of repositories if both ends name one repository.
void refuse_for_one_repository(const MirrorFlags& flags, const MirrorJob& job) {
  if (job.source.reference() != nullptr && !flags.repositories_from.empty()) {
    throw Error(ErrorKind::usage,
                "--repositories-from names repositories, and the source is one already",
                "name a registry (HOST[:PORT]) or a namespace (HOST[:PORT]/NAMESPACE/)");
  }
  if (job.destination.reference() != nullptr &&
      (!flags.rules.renames.empty() || !flags.rules.prefix.empty())) {
    throw Error(ErrorKind::usage,
                std::string(flags.rules.prefix.empty() ? "--rename" : "--prefix") +
                    " makes a name, and the destination has one already",
                "name a registry (HOST[:PORT]) or a namespace (HOST[:PORT]/NAMESPACE/)");
  }
}

/// The single job of the command line.
MirrorJob flags_job(const MirrorFlags& flags, Context& context) {
  if (flags.destination.empty()) {
    throw Error(ErrorKind::usage, "SOURCE and DEST are required",
                "regctl mirror OLD:5000 NEW:5000, or --config FILE");
  }
  MirrorJob job;
  job.source = parse_endpoint(context, flags.source);
  job.destination = parse_endpoint(context, flags.destination);
  job.rules = flags.rules;
  job.rules.referrers = !flags.no_referrers;
  if (!flags.originals.empty()) {
    job.rules.originals = parse_endpoint(context, flags.originals);
    ops::check_originals(*job.rules.originals);
  }
  job.rules.form = flags.form.value_or(job.rules.form);
  job.rules.prune.limit = flags.prune_limit.value_or(job.rules.prune.limit);
  job.rules.prune.beyond_limit = flags.yes;
  job.rules.publish_private = flags.yes;
  job.repositories_from = flags.repositories_from;
  refuse_for_one_repository(flags, job);
  return job;
}

/// Combines the file's options of the run with the flags, which have priority.
ops::mirror::RunOptions settle(ops::mirror::RunOptions run, const ops::mirror::RunOptions& flags) {
  run.gentle = run.gentle || flags.gentle;
  run.fail_fast = run.fail_fast || flags.fail_fast;
  run.require_checksum = run.require_checksum || flags.require_checksum;
  run.verify_destination = run.verify_destination || flags.verify_destination;
  run.strict = run.strict || flags.strict;
  if (flags.bandwidth.is_limited()) {
    run.bandwidth = flags.bandwidth;
  }
  replace_if_given(run.report, flags.report);
  replace_if_given(run.failures, flags.failures);
  replace_if_given(run.map, flags.map);
  replace_if_given(run.state, flags.state);
  replace_if_given(run.metrics_file, flags.metrics_file);
  replace_if_given(run.listen_metrics, flags.listen_metrics);
  return run;
}

/// The folder of state files; empty if there is no home folder.
std::string states_folder(const Environment& environment) {
  const auto folder = state_folder(environment);
  return folder ? (*folder / "regctl").string() : "";
}

/// Access and credentials of the file's registries.
Context::Registries registries_of(const MirrorConfig& config, const Environment& environment) {
  Context::Registries registries;
  for (const auto& [host, options] : config.registries) {
    registries.settings.emplace(host, options.access);
    if (options.credential) {
      registries.credentials.emplace(host, resolve_credential(*options.credential, environment));
    }
    if (options.requests_per_second) {
      registries.requests_per_second.emplace(host, *options.requests_per_second);
    }
  }
  return registries;
}

} // namespace

std::vector<GivenFlag> rule_flags(const MirrorFlags& flags) {
  const auto& rules = flags.rules;
  return {
      {"--include", !rules.repositories.include.empty()},
      {"--exclude", !rules.repositories.exclude.empty() || !rules.tags.exclude_of.empty()},
      {"--include-tag", !rules.tags.include.empty()},
      {"--exclude-tag", !rules.tags.exclude.empty()},
      {"--semver", rules.semver.has_value()},
      {"--latest", rules.latest.has_value()},
      {"--newer-than", rules.newer_than.has_value()},
      {"--repositories-from", !flags.repositories_from.empty()},
      {"--rename", !rules.renames.empty()},
      {"--prefix", !rules.prefix.empty()},
      {"--prune", rules.prune.enabled},
      {"--prune-limit", flags.prune_limit.has_value()},
      {"--yes", flags.yes},
      {"--rescue", rules.rescue},
      {"--originals", !flags.originals.empty()},
      {"--protect", !rules.protected_tags.empty()},
      {"--platform", !rules.platforms.empty()},
      {"--no-referrers", flags.no_referrers},
      {"--to-format", flags.form.has_value()},
      {"--immutable-tags", !rules.immutable_tags.empty()},
  };
}

namespace {

/// Refuses flags with rules beside a mirror file. The file's mirrors have their own rules, and it
/// would be unclear whether a flag adds to all of them or replaces some.
void refuse_rules(const MirrorFlags& flags, const std::string& file) {
  for (const auto& [name, is_given] : rule_flags(flags)) {
    if (is_given) {
      throw Error(ErrorKind::usage,
                  name + " is a rule, and rules belong in the mirror file '" + file + "'",
                  "write it there, for one mirror or as a default (regctl-mirror(5))");
    }
  }
}

/// Refuses rules beside --apply: the plan's decisions are made, but a user expects a given rule to
/// hold. --protect is allowed, since it is checked again before a tag is removed, and so are
/// --to-format, --rescue, --originals and --yes, which are about what a transfer brings: tags that
/// the plan keeps stay.
void refuse_beside_apply(const MirrorFlags& flags) {
  static const std::set<std::string> k_beside_apply = {"--protect", "--to-format", "--rescue",
                                                       "--originals", "--yes"};
  if (flags.dry_run || !flags.plan.empty()) {
    throw Error(ErrorKind::usage, "--apply carries out a plan: --dry-run and --plan make one");
  }
  if (flags.watch) {
    throw Error(ErrorKind::usage, "--apply carries out a plan once: --watch goes on for ever");
  }
  for (const auto& [name, is_given] : rule_flags(flags)) {
    if (is_given && !k_beside_apply.contains(name)) {
      throw Error(ErrorKind::usage,
                  name +
                      " is a rule, and what --apply carries out was decided by the rules of then",
                  "leave it out, or make the plan anew with it");
    }
  }
}

/// Refuses the safeguards of pruning without --prune: they would have no effect, but suggest
/// safety.
void refuse_catches_without_prune(const MirrorFlags& flags) {
  if (flags.rules.prune.enabled || !flags.apply.empty()) {
    return;
  }
  const GivenFlag all[] = {{"--prune-limit", flags.prune_limit.has_value()},
                           {"--protect", !flags.rules.protected_tags.empty()}};
  for (const auto& [name, is_given] : all) {
    if (is_given) {
      throw Error(ErrorKind::usage, name + " is about removing tags, and none are without --prune",
                  "add --prune, or leave it out");
    }
  }
}

void refuse_contradictions(const MirrorFlags& flags, const std::string& file) {
  const bool is_plan = flags.dry_run || !flags.plan.empty();
  if (!flags.apply.empty()) {
    refuse_beside_apply(flags);
  }
  if (flags.sizes && !is_plan) {
    throw Error(ErrorKind::usage, "--sizes is about what a plan tells: add --dry-run");
  }
  if (flags.exit_code && !is_plan) {
    throw Error(ErrorKind::usage, "--exit-code tells whether there is work to do: add --dry-run");
  }
  if (!flags.run.map.empty() && is_plan) {
    throw Error(ErrorKind::usage, "--map tells what images became, and a plan makes none",
                "leave out --map, or --dry-run and --plan");
  }
  if (flags.check && file.empty()) {
    throw Error(ErrorKind::usage, "--check looks at a mirror file", "name it with --config FILE");
  }
  if (file.empty()) {
    refuse_catches_without_prune(flags);
    return;
  }
  if (!flags.source.empty()) {
    throw Error(ErrorKind::usage, "the mirror file '" + file + "' says what is mirrored",
                "leave out SOURCE and DEST, or --config");
  }
  refuse_rules(flags, file);
}

/// Refuses two readers of standard input: the second one would find it empty, without any error.
void refuse_second_reading(const std::vector<MirrorJob>& jobs, const MirrorFlags& flags) {
  const auto readers = std::count_if(
      jobs.begin(), jobs.end(), [](const MirrorJob& job) { return job.repositories_from == "-"; });
  if (readers > 1) {
    throw Error(ErrorKind::usage, "several mirrors read the repositories from standard input",
                "write the names to a file");
  }
  if (readers > 0 && flags.watch) {
    throw Error(ErrorKind::usage,
                "--watch comes back to the repositories' names, and standard input has them once",
                "write them to a file, for --repositories-from FILE");
  }
}

/// Refuses "-" as a file: standard output has the lines of the run, and a file named "-" is a
/// mistake.
void refuse_standard_output(const ops::mirror::RunOptions& run, const std::string& plan) {
  struct Written {
    const std::string& file;
    const char* what;
    const char* hint;
  };
  const Written all[] = {
      {run.report, "the report", "--format json prints its records there"},
      {run.failures, "what failed", "name a file, as --apply reads it"},
      {plan, "a plan", "name a file; --dry-run shows what would be done"},
      {run.map, "the map", "name a file"},
      {run.state, "what was learnt", "name a file"},
      {run.metrics_file, "the metrics", "name a file; --listen-metrics serves them"},
  };
  for (const auto& [file, what, hint] : all) {
    if (file == "-") {
      throw Error(ErrorKind::usage, std::string(what) + " cannot go to standard output", hint);
    }
  }
}

} // namespace

MirrorRun plan_run(const MirrorFlags& flags, Context& context) {
  const auto& file = context.globals().config;
  refuse_contradictions(flags, file);
  const auto& environment = context.console().environment;
  MirrorConfig config;
  if (file.empty()) {
    config.mirrors = {flags_job(flags, context)};
  } else {
    config = read_config(file, environment);
    context.keep_config();
    context.set_registries(registries_of(config, environment));
  }
  refuse_second_reading(config.mirrors, flags);
  const auto settled = settle(config.run, flags.run);
  refuse_standard_output(settled, flags.plan);
  MirrorRun run;
  run.jobs = std::move(config.mirrors);
  run.tells_work = flags.exit_code;
  run.is_strict = settled.strict;
  run.shown = flags.all ? ShownTags::all : ShownTags::changed;
  run.metrics_file = settled.metrics_file;
  run.listen_metrics = settled.listen_metrics;
  auto& options = run.options;
  options.jobs = context.globals().jobs.value_or(settled.jobs.value_or(k_usual_jobs));
  context.set_pace(settled.gentle ? http::Pace::gentle : http::Pace::adaptive);
  if (settled.gentle) {
    options.jobs = std::min(options.jobs, k_gentle_jobs);
  }
  options.bandwidth = settled.bandwidth;
  options.registries = std::move(config.registries);
  options.dry_run = flags.dry_run || !flags.plan.empty();
  options.asks_sizes = flags.sizes;
  options.fail_fast = settled.fail_fast;
  options.require_checksum = settled.require_checksum;
  options.verify_destination = settled.verify_destination;
  options.shard = flags.shard;
  options.apply = flags.apply;
  options.state_file = settled.state;
  options.state_folder = states_folder(environment);
  options.files = {settled.report, settled.failures, flags.plan,
                   options.dry_run ? std::string() : settled.map};
  options.metrics_file = settled.metrics_file;
  ops::mirror::check_run(run.jobs, options);
  return run;
}

} // namespace regctl::cli
