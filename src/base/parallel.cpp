// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/interrupt.hpp>
#include <regctl/base/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace regctl {

namespace {

class Run {
public:
  Run(std::size_t count, const std::function<void(std::size_t)>& body)
      : count_(count), body_(body) {}

  /// Takes one index after another until none is left or a call has failed.
  void work() noexcept {
    while (!failed_.load()) {
      const auto index = next_.fetch_add(1);
      if (index >= count_) {
        return;
      }
      try {
        check_interrupted();
        body_(index);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failed_.exchange(true)) {
          first_ = std::current_exception();
        }
      }
    }
  }

  void rethrow() const {
    if (first_) {
      std::rethrow_exception(first_);
    }
  }

private:
  std::size_t count_;
  const std::function<void(std::size_t)>&
      body_; // outlives this: run_parallel() returns after all threads
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr first_;
};

} // namespace

void run_parallel(std::size_t jobs, std::size_t count,
                  const std::function<void(std::size_t)>& body) {
  Run run(count, body);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(jobs, count); ++i) {
      try {
        threads.emplace_back([&run] { run.work(); });
      } catch (const std::system_error&) { // no more threads: the existing ones do all the work
        break;
      }
    }
    run.work();
  } // joins the threads
  run.rethrow();
}

} // namespace regctl
