// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/context.hpp"
#include "cli/mirror_text.hpp"

#include <regctl/ops/mirror/import.hpp>
#include <regctl/ops/mirror/mirror.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace regctl::cli {

/// The command line of `regctl mirror`.
struct MirrorFlags {
  std::string source;
  std::string destination;
  ops::mirror::Rules rules;
  std::optional<double> prune_limit; ///< part of `rules`; nothing: the default
  std::string repositories_from;
  std::optional<ops::OciForm> form; ///< part of `rules`; nothing: the default
  std::string originals;            ///< part of `rules`
  bool no_referrers = false;
  bool yes = false; ///< part of `rules`
  bool dry_run = false;
  bool exit_code = false;
  bool all = false;
  bool sizes = false;
  bool check = false;
  std::optional<ops::mirror::Shard> shard;
  std::string plan;
  std::string apply;
  ops::mirror::RunOptions run; ///< options that the file may have too
  std::optional<std::chrono::seconds> watch;
  std::vector<std::string> from_config;
  std::optional<ops::mirror::ForeignProgram> from_program;
};

/// The result of the flags and the mirror file together.
struct MirrorRun {
  std::vector<ops::mirror::MirrorJob> jobs;
  ops::mirror::MirrorOptions options;
  bool tells_work = false; ///< --exit-code
  bool is_strict = false;  ///< --strict
  ShownTags shown = ShownTags::changed;
  std::string metrics_file;
  std::string listen_metrics;
};

void add_mirror_flags(Arguments& arguments, MirrorFlags& flags);

struct GivenFlag {
  std::string name;
  bool is_given;
};

/// The flags with rules, which a mirror file may have for each of its mirrors.
std::vector<GivenFlag> rule_flags(const MirrorFlags& flags);

/// Reads the mirror file (--config) and combines it with the flags, which have priority. Passes the
/// file's registries to the context. May be called again when the file has changed. Throws
/// Error{usage} for flags that contradict each other or the file, and for flags with rules beside a
/// file.
MirrorRun plan_run(const MirrorFlags& flags, Context& context);

} // namespace regctl::cli
