// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/in_order.hpp>
#include <regctl/base/interrupt.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace regctl {

namespace {

using HandOver = std::function<void(Task)>;
using Find = std::function<void(const HandOver&)>;

constexpr std::size_t k_ahead_a_job = 4;

/// The tasks that are not passed on yet, in their order: those that have started before the others.
class Line {
public:
  explicit Line(std::size_t jobs) : most_ahead_(std::max<std::size_t>(jobs, 1) * k_ahead_a_job) {}

  /// Hands over what `find` finds, until it ends or a task fails.
  void find(const Find& find) noexcept {
    std::exception_ptr error;
    try {
      find([this](Task task) { add(std::move(task)); });
    } catch (...) {
      error = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      find_error_ = error;
    }
    end();
  }

  /// No further task comes.
  void end() noexcept {
    const std::lock_guard lock(mutex_);
    is_complete_ = true;
    changed_.notify_all();
  }

  /// Runs one task after another until none is left or one has failed.
  void work() noexcept {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return error_ || can_start() || is_all_started(); });
      if (error_ || !can_start()) {
        return;
      }
      auto& entry = entries_[started_++]; // stays where it is while the ends of the deque change
      changed_.notify_all();
      lock.unlock();
      std::optional<Shown> shown;
      std::exception_ptr error;
      try {
        check_interrupted();
        shown = entry.task();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      entry.shown = std::move(shown);
      fail(error);
      changed_.notify_all();
    }
  }

  /// Passes on the results until all are or a task has failed.
  void show() noexcept {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock,
                    [this] { return error_ || can_show() || (is_complete_ && entries_.empty()); });
      if (error_ || entries_.empty()) {
        return;
      }
      const auto shown = std::move(*entries_.front().shown);
      entries_.pop_front();
      --started_;
      changed_.notify_all();
      lock.unlock();
      std::exception_ptr error;
      try {
        shown();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      fail(error);
    }
  }

  void rethrow() const {
    if (error_ || find_error_) {
      std::rethrow_exception(error_ ? error_ : find_error_);
    }
  }

private:
  struct Entry {
    Task task;
    std::optional<Shown> shown; ///< once the task is done
  };

  void add(Task task) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return error_ || entries_.size() - started_ < k_most_waiting; });
    if (error_) {
      std::rethrow_exception(error_); // ends find()
    }
    entries_.push_back({std::move(task), std::nullopt});
    changed_.notify_all();
  }

  void fail(const std::exception_ptr& error) {
    if (error && !error_) {
      error_ = error;
      changed_.notify_all();
    }
  }

  [[nodiscard]] bool can_start() const {
    return started_ < entries_.size() && started_ < most_ahead_;
  }
  [[nodiscard]] bool is_all_started() const { return is_complete_ && started_ == entries_.size(); }
  [[nodiscard]] bool can_show() const { return !entries_.empty() && entries_.front().shown; }

  const std::size_t most_ahead_;
  std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  std::deque<Entry> entries_;
  std::size_t started_ = 0; ///< at the front of the entries
  bool is_complete_ = false;
  std::exception_ptr error_;
  std::exception_ptr find_error_;
};

} // namespace

void run_in_order(std::size_t jobs, const Find& find) {
  Line line(jobs);
  std::vector<std::jthread> threads;
  const auto start = [&threads](const std::function<void()>& body) {
    try {
      threads.emplace_back(body);
      return true;
    } catch (const std::system_error&) { // no more threads
      return false;
    }
  };
  const auto work = [&line] { line.work(); };
  if (!start(work) || !start([&] { line.find(find); })) {
    line.end();
    threads.clear(); // joins them
    find([](const Task& task) { task()(); });
    return;
  }
  for (std::size_t i = 1; i < jobs && start(work); ++i) {
  }
  line.show();
  threads.clear();
  line.rethrow();
}

} // namespace regctl
