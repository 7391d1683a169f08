// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/copy.hpp>
#include <regctl/ops/mirror/config.hpp>
#include <regctl/ops/mirror/summary.hpp>
#include <regctl/ops/session.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// The files that a run writes; "" for each that is not wanted.
struct ReportFiles {
  std::string report;   ///< JSON lines, regctl-mirror(1); "" for none
  std::string failures; ///< lines that --apply and --repositories-from take; "" for none
  std::string plan;     ///< lines of print_plan_line(); "" for none
  std::string map = {}; ///< a MapLine for each tag that is converted; "" for none
};

struct MirrorOptions {
  std::size_t jobs = 4;                              ///< images in flight
  Bandwidth bandwidth;                               ///< of all transfers together
  std::map<std::string, RegistryOptions> registries; ///< by "host:port": their jobs and bandwidth
  ReportFiles files;
  std::string state_file;   ///< of all jobs; "": one file for each pair of ends
  std::string state_folder; ///< the folder of those files; "": nothing is kept
  std::string apply;        ///< a plan file to carry out, instead of planning
  std::string metrics_file; ///< written by the caller; here only to detect a conflict of file names
  bool dry_run = false;     ///< only plans
  bool asks_sizes = false;  ///< for a plan: one request for each image of unknown size
  bool fail_fast = false;
  bool require_checksum = false; ///< a tag fails if a layer has no checksum at its source
  /// What the destination's tags name is looked at, and sent again where it is gone or wrong.
  bool verify_destination = false;
  std::optional<Shard> shard;
};

/// Checks a run before it begins. Throws Error{usage} for jobs with ends that do not fit together,
/// and for files of which one would overwrite another.
void check_run(const std::vector<MirrorJob>& jobs, const MirrorOptions& options);

/// Makes each job's destination hold what the job's rules select from its source, one job after
/// another: lists both sides, plans, moves images, sets tags, removes tags. A failure is reported,
/// and the run goes on. With `apply`, carries out the copies, updates and removals of a plan file
/// instead; a tag that has changed at the destination since then is left alone and counts as a
/// failure.
///
/// Safe to repeat and to stop at any time: tags point only at whole images, and the next run moves
/// no image that has arrived. An interruption ends the run early: Summary::is_interrupted. Throws
/// Error{usage} for a job that makes no sense, Error{local_io} for files that cannot be written. An
/// error of `listener` does not end the run: Summary::write_problem.
Summary mirror(Session& session, const std::vector<MirrorJob>& jobs, const MirrorOptions& options,
               const MirrorListener& listener);

} // namespace regctl::ops::mirror
