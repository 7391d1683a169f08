// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_import.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/stream.hpp>

#include <algorithm>

namespace regctl::cli {

namespace {

constexpr std::size_t k_limit_bytes = 4 * 1024 * 1024;

void refuse(const std::vector<GivenFlag>& flags, const std::string& why, const std::string& hint) {
  for (const auto& [name, is_given] : flags) {
    if (is_given) {
      throw Error(ErrorKind::usage, name + " " + why, hint);
    }
  }
}

/// Refuses what is about mirroring, since nothing is mirrored.
void refuse_others(const MirrorFlags& flags, Context& context) {
  if (flags.from_config.empty()) {
    throw Error(ErrorKind::usage, "--from-program says whose file --from-config names",
                "add --from-config FILE");
  }
  if (!flags.destination.empty()) {
    throw Error(ErrorKind::usage, "--from-config takes the sources from its file",
                "name DEST alone, for a file of skopeo sync");
  }
  if (context.wants_json()) {
    throw Error(ErrorKind::usage, "a mirror file is YAML", "leave out --format json");
  }
  refuse(rule_flags(flags), "is a rule, and --from-config only prints a mirror file",
         "write it into that file (regctl-mirror(5))");
  const auto& run = flags.run;
  refuse({{"--config", !context.globals().config.empty()},
          {"--dry-run", flags.dry_run},
          {"--exit-code", flags.exit_code},
          {"--sizes", flags.sizes},
          {"--all", flags.all},
          {"--check", flags.check},
          {"--shard", flags.shard.has_value()},
          {"--plan", !flags.plan.empty()},
          {"--apply", !flags.apply.empty()},
          {"--watch", flags.watch.has_value()},
          {"--report", !run.report.empty()},
          {"--failures", !run.failures.empty()},
          {"--map", !run.map.empty()},
          {"--state", !run.state.empty()},
          {"--metrics-file", !run.metrics_file.empty()},
          {"--listen-metrics", !run.listen_metrics.empty()},
          {"--bandwidth", run.bandwidth.is_limited()},
          {"--gentle", run.gentle},
          {"--fail-fast", run.fail_fast},
          {"--require-checksum", run.require_checksum},
          {"--verify-destination", run.verify_destination},
          {"--strict", run.strict}},
         "is about a run, and --from-config only prints a mirror file",
         "give it to regctl mirror --config");
}

std::string read_input(const std::string& file) {
  const auto source = make_fd_source(open_input(file), input_name(file));
  return read_text(*source, k_limit_bytes, input_name(file));
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

} // namespace

ExitCode print_imported(const MirrorFlags& flags, Context& context) {
  refuse_others(flags, context);
  std::vector<ops::mirror::ForeignFile> files;
  for (const auto& file : flags.from_config) {
    files.push_back({file, read_input(file)});
  }
  const auto imported = ops::mirror::import_config(
      files, {.program = flags.from_program, .destination = flags.source});
  context.out() << imported.text;
  context.note("from " + std::string(to_string(imported.program)) + ": " +
               counted(imported.mirrors, "mirror") + ", " + std::to_string(imported.left_out) +
               " left out, " + counted(imported.remarks, "remark") + "; the comments tell them");
  return imported.left_out == 0 ? ExitCode::ok : ExitCode::partial;
}

} // namespace regctl::cli
