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

/// Files that a run writes; "" for those that are not wanted.
struct ReportFiles {
  std::string report;   ///< JSON lines, regctl-mirror(1)
  std::string failures; ///< lines that --apply and --repositories-from take
  std::string plan;     ///< lines that --apply takes
};

struct MirrorOptions {
  std::size_t jobs = 4;                              ///< images in flight
  Bandwidth bandwidth;                               ///< of all that travels
  std::map<std::string, RegistryOptions> registries; ///< by "host:port": their jobs and bandwidth
  ReportFiles files;
  std::string state_file;   ///< of all jobs; "": one for each pair of ends
  std::string state_folder; ///< where those are; "": nothing is kept
  std::string apply;        ///< a plan file to be carried out, instead of planning
  std::string metrics_file; ///< what the caller writes beside these
  bool dry_run = false;     ///< plans only
  bool asks_sizes = false;  ///< of a plan: a request for each image whose size is not known
  bool fail_fast = false;
  bool require_checksum = false; ///< a tag with a layer of which its source tells none fails
  std::optional<Shard> shard;
};

/// What can be told of a run before it begins: throws Error{usage} for jobs whose ends do not go
/// together, and for files of which one would be lost in another.
void check_run(const std::vector<MirrorJob>& jobs, const MirrorOptions& options);

/// Makes each job's destination hold what its source holds, as its rules say, one job after the
/// other: lists both sides, plans, moves images, tags, removes. What fails is reported and passed
/// over. With `apply`, carries out a plan that was written before: its copies, updates and
/// removals; a tag whose destination has changed since is left alone and is a failure.
///
/// Safe to repeat and to stop at any time: tags are pointed at whole images alone, and the next run
/// moves nothing that is there. `on_record` is called for one record at a time, from any thread. An
/// interrupt ends it early: Summary::is_interrupted. Throws Error{usage} for a job that makes no
/// sense, Error{local_io} for files that cannot be written.
Summary mirror(Session& session, const std::vector<MirrorJob>& jobs, const MirrorOptions& options,
               const OnRecord& on_record);

} // namespace regctl::ops::mirror
