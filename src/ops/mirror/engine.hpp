// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/settled.hpp"
#include "ops/transfer/transfer.hpp"

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

  /// Lists both sides; returns the tags to transfer, in the order in which they are begun.
  virtual std::vector<PlannedTag> plan() = 0;

  virtual std::unique_ptr<Transfer> open(const PlannedTag& tag) = 0;

  virtual void tag_over(const TagResult& result) = 0;

  enum class Ending {
    complete,   ///< every tag is done
    incomplete, ///< some tag failed
    failed,     ///< plan() threw `problem`
    stopped,    ///< the run was stopped; plan() may not have been called
  };
  virtual void over(Ending ending, const std::exception_ptr& problem) = 0;
};

struct EngineOptions {
  std::size_t jobs = 4; ///< threads
  bool fail_fast = false;
};

/// Returns the next repository, or null if there is none left. Called by one thread at a time, and
/// only when a thread has no other work, so that repositories can be created on demand.
using NextRepository = std::function<std::unique_ptr<RepositoryWork>()>;

/// Works on all repositories with exactly `jobs` threads, and returns when every one is over: done,
/// failed, or stopped. An interruption stops the run; with `fail_fast`, so does the first failure.
/// An exception from a repository, a tag or an item is recorded as its result, and the rest goes
/// on.
///
/// A thread first finishes any tag that is ready. Otherwise it moves the next item of the open
/// transfers (oldest first), or opens the next tag, or the next repository. At most `jobs` + 2 of
/// each are open, so that memory does not grow with their number.
///
/// Each key is moved once. `settled` remembers that, also for later calls with the same
/// destination. If a transfer needs a key that is being moved for another one, no thread waits: the
/// transfer is notified when the key is there.
///
/// If a key's bytes are wrong (Error{integrity}), every tag that needs it fails with the same
/// error; if it is absent or refused ({not_found}, {protocol}), every such tag of the repository,
/// since another repository may have it. Any other error may be due to the tag or the moment. In
/// both of these cases the next transfer that needs the key tries again.
void run_engine(const EngineOptions& options, SettledKeys& settled, Progress& progress,
                const NextRepository& next);

} // namespace regctl::ops::mirror
