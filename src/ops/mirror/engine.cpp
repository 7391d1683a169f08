// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/engine.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

// Why no run gets stuck. A thread waits for another one only inside Transfer::move(), and only for
// items that the moved item depends on. Those come before it in its transfer.
//
// - An item is begun only after each earlier item of its transfer is settled, or is being moved by
//   some thread, for this transfer or another one (Engine::take_items goes in order).
// - A thread that took a key keeps it until the key is there or has failed for every transfer that
//   needs it. If one transfer's attempt fails, the same thread goes on with the next transfer that
//   waits for the key (Engine::move_key). So an awaited item is always being moved by some thread,
//   or its failure ends the wait (abandon).
// - Dependencies form no loop, and are the same in each transfer.
//
// Hence among the threads inside move() there is always one whose item depends on no unfinished
// item. It ends, and the threads that wait for it go on. A run with one thread does not get stuck
// either: that thread is never inside move() while another item is under way.

namespace regctl::ops::mirror {

namespace {

using Clock = std::chrono::steady_clock;

/// An open repository, with its tags that are still ahead.
struct OpenRepository {
  std::unique_ptr<RepositoryWork> work;
  std::deque<PlannedTag> ahead;
  std::size_t tags_open = 0;
  bool is_planned = false; // until then a thread plans it
  bool has_failure = false;
  /// The keys that this repository cannot have, and why. Another one may: a registry answers for
  /// each of its own.
  LimitedMap<std::exception_ptr> failed = LimitedMap<std::exception_ptr>(SettledKeys::k_limit);
};

/// A tag on its way.
struct OpenTag {
  std::list<OpenRepository>::iterator repository;
  TagResult result;
  Clock::time_point since = Clock::now();
  std::unique_ptr<Transfer> transfer;
  std::vector<Item> items;
  std::size_t next = 0;    // the first item that was not yet examined for this tag
  std::size_t settled = 0; // items that the transfer knows to be there
  std::size_t busy = 0;    // threads that are using the transfer
  std::exception_ptr lost; // why nothing more is begun for it
  bool is_ending = false;  // a thread is finishing it
};
using Tag = std::shared_ptr<OpenTag>; // shared by threads and by the keys it waits for

/// A tag that waits for an item that is being moved for another tag.
struct Waiter {
  Tag tag;
  std::size_t index;
};

/// Which other tags that need an item fail with it.
enum class Reach {
  this_tag, ///< none
  repository,
  run,
};

/// Wrong bytes are wrong wherever they are asked for. What is not there, or is refused, may be so
/// in one repository alone.
Reach reach_of(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const Error& error) {
    return error.kind() == ErrorKind::integrity ? Reach::run
           : is_damage(error.kind())            ? Reach::repository
                                                : Reach::this_tag;
  } catch (...) {
    return Reach::this_tag;
  }
}

class Engine {
public:
  Engine(const EngineOptions& options, SettledKeys& settled, Progress& progress,
         const NextRepository& next)
      : options_(options), settled_(settled), progress_(progress), next_(next) {
    lost_by_stop_.reserve(limit());
  }

  void run() {
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < std::max<std::size_t>(options_.jobs, 1); ++i) {
        try {
          threads.emplace_back([this] { work(); });
        } catch (const std::system_error&) { // no more threads: the existing ones do all the work
          if (threads.empty()) {
            throw;
          }
          break;
        }
      }
    } // joins the threads
    end_the_rest();
    if (bug_) {
      std::rethrow_exception(bug_);
    }
  }

private:
  using Lock = std::unique_lock<std::mutex>;

  void work() noexcept {
    Lock lock(mutex_);
    try {
      while (do_something(lock)) {
      }
    } catch (...) { // only exceptions of the reporting code get here
      if (!lock) {
        lock.lock();
      }
      bug_ = bug_ ? bug_ : std::current_exception();
      stop(lock, std::current_exception());
    }
    changed_.notify_all();
  }

  /// Does the next piece of work, or waits for some. False if none is left.
  bool do_something(Lock& lock) {
    if (is_interrupted() && !stopped_) {
      try {
        check_interrupted();
      } catch (...) {
        stop(lock, std::current_exception());
      }
    }
    if (try_to_end_something(lock) || (!stopped_ && try_to_begin_something(lock))) {
      changed_.notify_all();
      return true;
    }
    const bool is_idle = tags_.empty() && repositories_.empty();
    if (bug_ || (is_idle && (stopped_ || is_exhausted_))) {
      return false;
    }
    changed_.wait(lock);
    return true;
  }

  bool try_to_end_something(Lock& lock) {
    if (const auto tag = find_ended_tag()) {
      end_tag(lock, tag);
      return true;
    }
    if (const auto repository = find_ended_repository(); repository != repositories_.end()) {
      end_repository(lock, repository);
      return true;
    }
    return false;
  }

  bool try_to_begin_something(Lock& lock) {
    return try_to_move(lock) || try_to_open_tag(lock) || try_to_open_repository(lock);
  }

  // --- items ---

  bool try_to_move(Lock& lock) {
    for (const auto& tag : tags_) {
      if (!tag->lost && tag->next < tag->items.size()) {
        take_items(lock, Tag(tag));
        return true;
      }
    }
    return false;
  }

  /// Examines the tag's next items. Notifies the tag of items that are there, queues the tag for
  /// those being moved for another tag, and moves the first other one.
  void take_items(Lock& lock, const Tag& tag) {
    std::vector<std::size_t> there;
    std::optional<std::size_t> taken;
    ++tag->busy;
    while (!taken && !tag->lost && tag->next < tag->items.size()) {
      const auto index = tag->next++;
      const auto& key = tag->items[index].key;
      if (settled_.find(key) == Settlement::there) {
        there.push_back(index);
      } else if (const auto problem = find_problem(*tag, key)) {
        lose(lock, tag, problem);
      } else if (const auto running = running_.find(key); running != running_.end()) {
        running->second.push_back({tag, index});
      } else {
        running_.emplace(key, std::vector<Waiter>());
        taken = index;
      }
    }
    for (const auto index : there) {
      tell(lock, {tag, index});
    }
    if (taken) {
      move_key(lock, {tag, *taken});
    }
    --tag->busy;
  }

  /// Why a key failed for good for the tag's repository; null unless it did.
  std::exception_ptr find_problem(const OpenTag& tag, const std::string& key) const {
    const auto* found = tag.repository->failed.find(key);
    return found == nullptr ? settled_.problem(key) : *found;
  }

  /// Moves an item that this thread has taken: for this tag or, if that fails, for the next tag
  /// that waits for the item.
  void move_key(Lock& lock, Waiter mover) {
    const auto key = mover.tag->items[mover.index].key;
    for (;;) {
      ++mover.tag->busy;
      const auto problem = move_once(lock, mover);
      --mover.tag->busy;
      if (!problem) {
        settled_.put(key);
        tell_waiters(lock, key);
        return;
      }
      // A lost transfer may throw the failure of another item, which says nothing about this key.
      const auto reach = mover.tag->lost ? Reach::this_tag : reach_of(problem);
      std::vector<Waiter> failed;
      if (reach == Reach::run) {
        settled_.put(key, problem);
        failed = take_waiters(key);
      } else if (reach == Reach::repository) {
        mover.tag->repository->failed.put(key, problem);
        failed = take_waiters_beside(mover, key);
      }
      failed.push_back(mover);
      lose_all(lock, failed, problem);
      if (reach == Reach::run) {
        return;
      }
      const auto next = take_next_waiter(key);
      if (!next) {
        running_.erase(key);
        return;
      }
      mover = *next;
    }
  }

  /// Null on success.
  std::exception_ptr move_once(Lock& lock, const Waiter& mover) {
    if (mover.tag->lost) {
      return mover.tag->lost;
    }
    lock.unlock();
    std::exception_ptr problem;
    Transfer::Moved moved;
    try {
      moved = mover.tag->transfer->move(mover.index);
    } catch (...) {
      problem = std::current_exception();
    }
    lock.lock();
    if (!problem) {
      auto& result = mover.tag->result;
      ++(moved.was_there ? result.items_there : result.items_moved);
      result.items_unverified +=
          !moved.was_there && !mover.tag->items[mover.index].is_verified ? 1 : 0;
      result.bytes += moved.bytes;
      ++mover.tag->settled;
    }
    return problem;
  }

  std::vector<Waiter> take_waiters(const std::string& key) {
    auto waiters = std::move(running_[key]);
    running_.erase(key);
    return waiters;
  }

  /// Those in the mover's repository.
  std::vector<Waiter> take_waiters_beside(const Waiter& mover, const std::string& key) {
    auto& waiters = running_[key];
    const auto begin =
        std::stable_partition(waiters.begin(), waiters.end(), [&](const Waiter& waiter) {
          return waiter.tag->lost || waiter.tag->repository != mover.tag->repository;
        });
    std::vector<Waiter> taken(begin, waiters.end());
    waiters.erase(begin, waiters.end());
    return taken;
  }

  std::optional<Waiter> take_next_waiter(const std::string& key) {
    auto& waiters = running_[key];
    while (!waiters.empty()) {
      auto first = std::move(waiters.front());
      waiters.erase(waiters.begin());
      if (!first.tag->lost) {
        return first;
      }
    }
    return std::nullopt;
  }

  void tell_waiters(Lock& lock, const std::string& key) {
    for (const auto& waiter : take_waiters(key)) {
      ++waiter.tag->busy;
      tell(lock, waiter);
      --waiter.tag->busy;
    }
  }

  /// Notifies a transfer that an item is there. The tag must be busy.
  void tell(Lock& lock, const Waiter& waiter) {
    if (waiter.tag->lost) {
      return;
    }
    lock.unlock();
    std::exception_ptr problem;
    try {
      waiter.tag->transfer->moved_elsewhere(waiter.index);
    } catch (...) {
      problem = std::current_exception();
    }
    lock.lock();
    if (problem) {
      lose(lock, waiter.tag, problem);
    } else {
      ++waiter.tag->result.items_there;
      ++waiter.tag->settled;
    }
    changed_.notify_all();
  }

  // --- failures ---

  void lose_all(Lock& lock, const std::vector<Waiter>& waiters, const std::exception_ptr& problem) {
    std::vector<Tag> lost;
    for (const auto& waiter : waiters) { // marks all before any transfer is notified
      mark_lost(waiter.tag, problem, lost);
    }
    abandon(lock, lost, problem);
  }

  void lose(Lock& lock, const Tag& tag, const std::exception_ptr& problem) {
    lose_all(lock, {{tag, 0}}, problem);
  }

  void mark_lost(const Tag& tag, const std::exception_ptr& problem, std::vector<Tag>& lost) {
    if (tag->lost || tag->is_ending) {
      return;
    }
    note_failure(*tag, problem);
    ++tag->busy;
    lost.push_back(tag);
  }

  void note_failure(OpenTag& tag, const std::exception_ptr& problem) const {
    tag.lost = problem;
    if (stopped_ || is_interrupted()) {
      tag.result.outcome = TagResult::Outcome::not_done;
    } else {
      tag.result.outcome = TagResult::Outcome::failed;
      tag.result.problem = problem;
    }
  }

  void abandon(Lock& lock, const std::vector<Tag>& lost, const std::exception_ptr& problem) {
    if (lost.empty()) {
      return;
    }
    lock.unlock();
    for (const auto& tag : lost) {
      if (tag->transfer) {
        tag->transfer->abandon(problem);
      }
    }
    lock.lock();
    for (const auto& tag : lost) {
      --tag->busy;
    }
    stop_if_wanted(lock, problem);
    changed_.notify_all();
  }

  void stop_if_wanted(Lock& lock, const std::exception_ptr& problem) {
    if (options_.fail_fast || is_interrupted()) {
      stop(lock, problem);
    }
  }

  /// Begins no more work and wakes all threads that wait inside transfers. Allocates no memory,
  /// since lack of memory may be the reason.
  void stop(Lock& lock, const std::exception_ptr& reason) {
    if (stopped_) {
      return;
    }
    stopped_ = reason;
    for (const auto& tag : tags_) {
      if (tag->transfer) { // a transfer that is being opened ends by itself
        mark_lost(tag, reason, lost_by_stop_);
      }
    }
    abandon(lock, lost_by_stop_, reason);
    changed_.notify_all();
  }

  // --- tags ---

  bool try_to_open_tag(Lock& lock) {
    if (tags_.size() >= limit()) {
      return false;
    }
    for (auto repository = repositories_.begin(); repository != repositories_.end(); ++repository) {
      if (!repository->ahead.empty()) {
        open_tag(lock, repository);
        return true;
      }
    }
    return false;
  }

  void open_tag(Lock& lock, std::list<OpenRepository>::iterator repository) {
    const auto tag = std::make_shared<OpenTag>();
    tag->repository = repository;
    tag->result.tag = std::move(repository->ahead.front());
    repository->ahead.pop_front();
    ++repository->tags_open;
    tags_.push_back(tag);
    ++tag->busy;
    lock.unlock();
    std::unique_ptr<Transfer> transfer;
    std::vector<Item> items;
    std::exception_ptr problem;
    try {
      transfer = repository->work->open(tag->result.tag);
      items = transfer->items();
    } catch (...) {
      problem = std::current_exception();
    }
    lock.lock();
    tag->transfer = std::move(transfer);
    if (problem || stopped_) {
      lose(lock, tag, problem ? problem : stopped_);
    } else {
      tag->items = std::move(items);
      tag->result.is_verified = std::all_of(tag->items.begin(), tag->items.end(),
                                            [](const Item& item) { return item.is_verified; });
      expect(*tag);
    }
    --tag->busy;
  }

  /// Reports to the progress the items that will move for this tag and for no other open one.
  void expect(const OpenTag& tag) {
    SizeSum sizes;
    std::uint64_t count = 0;
    for (const auto& item : tag.items) {
      const bool is_new = expected_[item.key]++ == 0;
      if (is_new && settled_.find(item.key) == Settlement::unknown) {
        sizes.add(item.size_bytes);
        ++count;
      }
    }
    progress_.expect(count, sizes);
  }

  void forget_expected(const OpenTag& tag) {
    for (const auto& item : tag.items) {
      if (--expected_[item.key] == 0) {
        expected_.erase(item.key);
      }
    }
  }

  Tag find_ended_tag() {
    for (const auto& tag : tags_) {
      const bool is_there = tag->transfer && tag->settled == tag->items.size();
      if (tag->busy == 0 && !tag->is_ending && (tag->lost || is_there)) {
        return tag;
      }
    }
    return nullptr;
  }

  void end_tag(Lock& lock, const Tag& tag) {
    tag->is_ending = true;
    const bool is_whole = !tag->lost;
    lock.unlock();
    std::exception_ptr problem;
    if (is_whole) {
      try {
        tag->transfer->finish();
        tag->result.made = tag->transfer->made();
        tag->result.chain = tag->transfer->made_chain();
      } catch (...) {
        problem = std::current_exception();
      }
    }
    lock.lock();
    if (problem) {
      note_failure(*tag, problem);
      stop_if_wanted(lock, problem);
    }
    auto& repository = *tag->repository;
    tag->result.time =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - tag->since);
    forget_expected(*tag);
    auto transfer = std::move(tag->transfer);
    lock.unlock();
    transfer.reset();
    repository.work->tag_over(tag->result);
    lock.lock();
    repository.has_failure |= tag->result.outcome != TagResult::Outcome::done;
    --repository.tags_open;
    std::erase(tags_, tag);
  }

  // --- repositories ---

  bool try_to_open_repository(Lock& lock) {
    if (is_exhausted_ || is_fetching_ || repositories_.size() >= limit()) {
      return false;
    }
    is_fetching_ = true;
    lock.unlock();
    auto work = next_();
    lock.lock();
    is_fetching_ = false;
    is_exhausted_ = !work;
    if (work) {
      changed_.notify_all(); // another thread may fetch the next repository meanwhile
      repositories_.emplace_back().work = std::move(work);
      plan(lock, std::prev(repositories_.end()));
    }
    return true;
  }

  void plan(Lock& lock, std::list<OpenRepository>::iterator repository) {
    lock.unlock();
    std::exception_ptr problem;
    std::vector<PlannedTag> tags;
    try {
      tags = repository->work->plan();
    } catch (...) {
      problem = std::current_exception();
    }
    lock.lock();
    if (!problem) {
      repository->ahead.assign(std::make_move_iterator(tags.begin()),
                               std::make_move_iterator(tags.end()));
      repository->is_planned = true;
      return;
    }
    auto work = std::move(repository->work);
    const bool is_stop = stopped_ || is_interrupted();
    lock.unlock();
    work->over(is_stop ? RepositoryWork::Ending::stopped : RepositoryWork::Ending::failed, problem);
    lock.lock();
    repositories_.erase(repository);
    stop_if_wanted(lock, problem);
  }

  std::list<OpenRepository>::iterator find_ended_repository() {
    return std::find_if(
        repositories_.begin(), repositories_.end(), [&](const OpenRepository& open) {
          return open.is_planned && open.tags_open == 0 && (open.ahead.empty() || stopped_);
        });
  }

  void end_repository(Lock& lock, std::list<OpenRepository>::iterator repository) {
    using Ending = RepositoryWork::Ending;
    std::list<OpenRepository> ended; // taken off the list, so that no other thread ends them
    ended.splice(ended.begin(), repositories_, repository);
    const bool is_stopped = stopped_ != nullptr;
    lock.unlock();
    for (auto& tag : repository->ahead) {
      TagResult result;
      result.tag = std::move(tag);
      result.outcome = TagResult::Outcome::not_done;
      repository->work->tag_over(result);
    }
    repository->work->over(is_stopped                ? Ending::stopped
                           : repository->has_failure ? Ending::incomplete
                                                     : Ending::complete,
                           nullptr);
    lock.lock();
  }

  /// Reports the repositories that never began, so that the report is complete.
  void end_the_rest() {
    while (!is_exhausted_ && !bug_) {
      const auto work = next_();
      is_exhausted_ = !work;
      if (work) {
        work->over(RepositoryWork::Ending::stopped, nullptr);
      }
    }
  }

  [[nodiscard]] std::size_t limit() const noexcept { return options_.jobs + 2; }

  const EngineOptions& options_;
  SettledKeys& settled_;
  Progress& progress_;
  const NextRepository& next_;

  std::mutex mutex_; ///< guards the members below; not held while callbacks run
  std::condition_variable changed_;
  std::list<OpenRepository> repositories_;
  std::vector<Tag> tags_;                              // in the order of their opening
  std::map<std::string, std::vector<Waiter>> running_; // keys being moved by a thread
  std::map<std::string, std::size_t> expected_;        // unsettled keys of open tags
  bool is_fetching_ = false;
  bool is_exhausted_ = false;
  std::exception_ptr stopped_;    // why no more work is begun
  std::vector<Tag> lost_by_stop_; // has room for all tags that can be open
  std::exception_ptr bug_;        // an exception from the reporting code
};

} // namespace

void run_engine(const EngineOptions& options, SettledKeys& settled, Progress& progress,
                const NextRepository& next) {
  Engine(options, settled, progress, next).run();
}

} // namespace regctl::ops::mirror
