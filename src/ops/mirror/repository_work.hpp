// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/engine.hpp"
#include "ops/mirror/forecast.hpp"
#include "ops/mirror/report.hpp"
#include "ops/mirror/turns.hpp"
#include "ops/passage/passage.hpp"
#include "ops/places/side.hpp"

#include <regctl/ops/mirror/mirror.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// The source repository of each destination repository, over all jobs of a run. With two sources,
/// each pass would undo the other one's work. Not thread-safe.
class Owners {
public:
  /// Throws Error{usage} if `destination` already has another source.
  void take(const std::string& destination, const std::string& source);

private:
  std::map<std::string, std::string> sources_; // by destination
};

/// The objects shared by all repositories of one job.
struct RunningJob {
  Session& session;
  const MirrorJob& job;
  const MirrorOptions& options;
  Report& report;
  Side& source;
  Side& destination;
  Passages& passages;
  std::size_t jobs;
  Owners& owners;          ///< of the whole run
  Forecast& forecast;      ///< of a plan; used by one repository at a time, in the order of `turns`
  bool writes_map = false; ///< so that kept tags have to be looked at
  Turns turns = {};        ///< order of the repositories of a plan
};

/// One repository to be mirrored.
struct RepositoryTask {
  std::string source_name;
  std::string destination_name;
  std::optional<std::string> tag; ///< if set, only this tag
  bool is_named = false;          ///< named by the user, so that it must exist
  /// Lines of a plan to carry out instead of planning from scratch.
  std::optional<std::vector<PlannedTag>> planned;
};

/// The work on one repository for the engine. `running` must outlive it.
std::unique_ptr<RepositoryWork> make_repository_work(RunningJob& running, RepositoryTask task);

} // namespace regctl::ops::mirror
