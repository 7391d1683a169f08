// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/settled.hpp"
#include "ops/passage/transfer.hpp"

#include <regctl/ops/mirror/plan.hpp>
#include <regctl/ops/mirror/summary.hpp>
#include <regctl/ops/progress.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

namespace regctl::ops::mirror {

/// One repository of a run. The engine calls plan() first, open() and tag_over() for each planned
/// tag (for different tags at the same time), over() last; each from any thread.
class RepositoryWork {
public:
  virtual ~RepositoryWork() = default;

  /// Lists both sides; the tags that are to be transferred, in the order in which they are begun.
  virtual std::vector<PlannedTag> plan() = 0;

  virtual std::unique_ptr<Transfer> open(const PlannedTag& tag) = 0;

  virtual void tag_over(const TagResult& result) = 0;

  enum class Ending {
    complete,   ///< every tag is done
    incomplete, ///< some tag failed
    failed,     ///< plan() threw `problem`
    stopped,    ///< the run was stopped; plan() was perhaps never called
  };
  virtual void over(Ending ending, const std::exception_ptr& problem) = 0;
};

struct EngineOptions {
  std::size_t jobs = 4; ///< threads
  bool fail_fast = false;
};

/// The next repository; null when there is none left. Called by one thread at a time, only when a
/// thread has nothing else to do: repositories may be made as they are wanted.
using NextRepository = std::function<std::unique_ptr<RepositoryWork>()>;

/// Works on all repositories with exactly `jobs` threads, and returns when every one is over: done,
/// failed, or stopped by an interrupt or, with `fail_fast`, by the first failure. What a
/// repository, a tag or an item throws is its result, and the rest goes on.
///
/// A thread finishes what can be finished, else moves the next item of the transfers that are open,
/// in the order of their opening, else opens the next tag, else the next repository. At most
/// `jobs` + 2 of each are open, so that memory does not grow with their number.
///
/// Each key is moved once, as `settled` remembers also for later runs to the same destination. A
/// transfer that needs a key which runs for another one is told when it is there; no thread waits
/// for that. If it fails for good (Error{integrity}, {not_found}, {protocol}), every tag that needs
/// it fails by the same error; anything else may be the matter of the tag, its repository or the
/// moment, and the next transfer that needs the key tries.
void run_engine(const EngineOptions& options, SettledKeys& settled, Progress& progress,
                const NextRepository& next);

} // namespace regctl::ops::mirror
