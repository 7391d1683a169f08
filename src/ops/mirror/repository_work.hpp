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

/// Which repository of a source each repository of a destination is mirrored from, over all jobs of
/// a run: of two sources, each pass would undo what the other one did. Not thread-safe.
class Owners {
public:
  /// Throws Error{usage} if it is another one's already.
  void take(const std::string& destination, const std::string& source);

private:
  std::map<std::string, std::string> sources_; // by destination
};

/// What all repositories of one job share.
struct RunningJob {
  Session& session;
  const MirrorJob& job;
  const MirrorOptions& options;
  Report& report;
  Side& source;
  Side& destination;
  Passages& passages;
  std::size_t jobs;
  Owners& owners;         ///< of the whole run
  Forecast forecast = {}; ///< of a plan: the repository whose turn it is has it
  Turns turns = {};       ///< of the repositories of a plan
};

/// One repository to be mirrored.
struct RepositoryTask {
  std::string source_name;
  std::string destination_name;
  std::optional<std::string> tag; ///< this one alone
  bool is_named = false;          ///< by the user, so that it has to be there
  /// Lines of a plan to be carried out instead of planning anew.
  std::optional<std::vector<PlannedTag>> planned;
};

/// The work on one repository, for the engine. `running` must outlive it.
std::unique_ptr<RepositoryWork> make_repository_work(RunningJob& running, RepositoryTask task);

} // namespace regctl::ops::mirror
