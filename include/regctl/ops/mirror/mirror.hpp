// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/copy.hpp>
#include <regctl/ops/mirror/config.hpp>
#include <regctl/ops/mirror/report.hpp>
#include <regctl/ops/session.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

struct MirrorOptions {
  bool dry_run = false; ///< plans only
  bool fail_fast = false;
  std::optional<Shard> shard;
  /// What to mirror instead of all that the source lists: names, and the lines of a plan, whose
  /// names are taken.
  std::optional<std::vector<std::string>> repositories;
  std::string repositories_name; ///< where these are from, for messages
};

/// Makes the destination hold what the source holds, as the job's rules say: lists both sides,
/// plans, moves images, tags, removes. Every result goes to `report`; what fails is passed over.
/// Throws only what prevents the whole: Error{usage} for a job that makes no sense, what listing
/// the source throws, Error{interrupted} after everything was reported.
///
/// Safe to repeat and to stop at any time: tags are pointed at whole images alone, and the next run
/// moves nothing that is there.
void mirror(Session& session, const MirrorJob& job, const MirrorOptions& options, Report& report);

/// Carries out a plan that --plan wrote: its copies, updates and removals. A tag whose destination
/// has changed since is left alone and is a failure.
void apply_plan(Session& session, const MirrorJob& job, const MirrorOptions& options,
                const std::string& file, Report& report);

} // namespace regctl::ops::mirror
