// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_flags.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/base/quantity.hpp>

#include <utility>

namespace regctl::cli {

namespace {

using ops::mirror::MirrorJob;
using ops::mirror::MirrorOptions;

constexpr long k_most_tags = 1'000'000;

Arguments::Take add_pattern(std::vector<Pattern>& patterns) {
  return [&patterns](const std::string& text) { patterns.push_back(Pattern::parse(text)); };
}

void add_filters(Arguments& arguments, MirrorFlags& flags) {
  auto& rules = flags.rules;
  arguments.values("--include", "PATTERN", add_pattern(rules.repositories.include),
                   "Mirror repositories with such a name only: a glob ('team/*', 'team/**') or "
                   "'/regex/'");
  arguments.values("--exclude", "PATTERN", add_pattern(rules.repositories.exclude),
                   "Leave out repositories with such a name");
  arguments.values("--include-tag", "PATTERN", add_pattern(rules.tags.include),
                   "Mirror tags with such a name only");
  arguments.values("--exclude-tag", "PATTERN", add_pattern(rules.tags.exclude),
                   "Leave out tags with such a name");
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
  arguments.value("--prefix", "TEXT", rules.prefix,
                  "Put this before each name at the destination, as in mirror/");
}

void add_pruning(Arguments& arguments, MirrorFlags& flags) {
  auto& rules = flags.rules;
  arguments.flag("--prune", rules.prune.enabled,
                 "Remove tags that the source no longer has from the destination");
  arguments.value(
      "--prune-limit", "SHARE",
      [&rules](const std::string& text) { rules.prune.limit = parse_share(text); },
      "Remove at most this share of a repository's tags (default 10%)");
  arguments.flag("-y,--yes", rules.prune.beyond_limit, "Remove more than that");
  arguments.values("--protect", "PATTERN", add_pattern(rules.protected_tags),
                   "Never remove tags with such a name");
}

void add_plans(Arguments& arguments, MirrorFlags& flags) {
  arguments.flag("-n,--dry-run", flags.dry_run, "Show what would be done, and do nothing");
  arguments.flag("--exit-code", flags.exit_code,
                 "With --dry-run: end with 11 if there is something to do");
  arguments.value("--plan", "FILE", flags.plan, "Write what would be done here, and do nothing");
  arguments.value("--apply", "FILE", flags.apply,
                  "Do what --plan wrote, or again what --failures wrote");
  arguments.value("--report", "FILE", flags.report, "Write a JSON line for each tag here");
  arguments.value("--failures", "FILE", flags.failures,
                  "Write what failed here, for --apply and --repositories-from");
  arguments.flag("--fail-fast", flags.fail_fast, "Stop at the first failure");
  arguments.flag("--check", flags.check, "With --config: look for mistakes in the file only");
}

} // namespace

void add_mirror_flags(Arguments& arguments, MirrorFlags& flags) {
  arguments.optional("SOURCE", flags.source,
                     "A registry (HOST[:PORT]), a namespace (HOST[:PORT]/NAMESPACE/), a repository "
                     "or tag (HOST[:PORT]/NAME[:TAG]), v1-storage:DIR[:NAME], or "
                     "docker-archive:FILE");
  arguments.optional("DEST", flags.destination,
                     "A registry, a namespace, or for one repository another; v1-storage:DIR");
  add_filters(arguments, flags);
  add_names(arguments, flags);
  add_pruning(arguments, flags);
  add_plans(arguments, flags);
}

namespace {

std::vector<MirrorJob> file_jobs(const std::string& file, const Context& context) {
  constexpr std::uint64_t k_limit_bytes = 4 * 1024 * 1024;
  const auto& environment = const_cast<Context&>(context).console().environment;
  auto config = ops::mirror::parse_mirror_config(
      read_file(file, k_limit_bytes), file,
      [&](const std::string& name) { return environment(name.c_str()); });
  return std::move(config.mirrors);
}

} // namespace

std::vector<MirrorJob> mirror_jobs(const MirrorFlags& flags, Context& context) {
  const auto& file = context.globals().config;
  if (!file.empty()) {
    if (!flags.source.empty()) {
      throw Error(ErrorKind::usage,
                  "--config FILE says what is mirrored: SOURCE and DEST are too many");
    }
    return file_jobs(file, context);
  }
  if (flags.destination.empty()) {
    throw Error(ErrorKind::usage, "SOURCE and DEST are required",
                "regctl mirror OLD:5000 NEW:5000, or --config FILE");
  }
  MirrorJob job;
  job.source = ops::mirror::Endpoint::parse(flags.source);
  job.destination = ops::mirror::Endpoint::parse(flags.destination);
  job.rules = flags.rules;
  job.repositories_from = flags.repositories_from;
  return {job};
}

MirrorOptions mirror_options(const MirrorFlags& flags) {
  MirrorOptions options;
  options.dry_run = flags.dry_run || !flags.plan.empty();
  options.fail_fast = flags.fail_fast;
  options.shard = flags.shard;
  options.apply = flags.apply;
  options.files = {flags.report, flags.failures, flags.plan};
  if (!flags.apply.empty() && options.dry_run) {
    throw Error(ErrorKind::usage, "--apply carries out a plan: --dry-run and --plan make one");
  }
  return options;
}

} // namespace regctl::cli
