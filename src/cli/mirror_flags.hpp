// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/context.hpp"

#include <regctl/ops/mirror/mirror.hpp>

#include <string>
#include <vector>

namespace regctl::cli {

/// The command line of `regctl mirror`.
struct MirrorFlags {
  std::string source;
  std::string destination;
  ops::mirror::Rules rules;
  std::string repositories_from;
  bool dry_run = false;
  bool exit_code = false;
  bool check = false;
  bool fail_fast = false;
  std::optional<ops::mirror::Shard> shard;
  std::string plan;
  std::string apply;
  std::string report;
  std::string failures;
};

void add_mirror_flags(Arguments& arguments, MirrorFlags& flags);

/// The jobs that the flags or, with --config, the mirror file tell. Throws Error{usage} for flags
/// that contradict each other or the file.
std::vector<ops::mirror::MirrorJob> mirror_jobs(const MirrorFlags& flags, Context& context);

/// Everything else of the flags. Reads the file of --repositories-from.
ops::mirror::MirrorOptions mirror_options(const MirrorFlags& flags);

} // namespace regctl::cli
