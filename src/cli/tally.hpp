// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/progress.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace regctl::cli {

/// Where a run stands: the tasks that are under way and the totals. Not thread-safe: who shows it
/// locks.
class Tally {
public:
  using Clock = std::chrono::steady_clock;

  struct Running {
    std::string id;
    ops::Progress::Verb verb = ops::Progress::Verb::copying;
    std::optional<std::uint64_t> total_bytes;
    std::uint64_t done_bytes = 0;
    Clock::time_point since;
  };

  void expect(std::uint64_t tasks, std::uint64_t bytes);
  ops::Progress::Task begin(const std::string& id, ops::Progress::Verb verb,
                            std::optional<std::uint64_t> total_bytes, Clock::time_point now);
  void advance(ops::Progress::Task task, std::uint64_t bytes);
  void restart(ops::Progress::Task task);
  /// The task that is over; its bytes count as done.
  Running finish(ops::Progress::Task task);
  void drop(ops::Progress::Task task);
  /// A task that needs not be done, of unknown bytes.
  void skip();

  [[nodiscard]] const std::map<ops::Progress::Task, Running>& running() const { return running_; }

  /// "3 of 8 layers, 12.3 MB of 45.6 MB, 3.1 MB/s, 11 s left".
  [[nodiscard]] std::string summary(Clock::time_point now) const;

private:
  std::map<ops::Progress::Task, Running> running_;
  ops::Progress::Task next_ = 1;
  std::uint64_t expected_tasks_ = 0;
  std::uint64_t expected_bytes_ = 0;
  std::uint64_t over_tasks_ = 0;
  std::uint64_t over_bytes_ = 0;
  Clock::time_point started_;
};

/// "3.1 MB/s, 11 s left"; without the second part where the end is not known.
std::string describe_rate(std::uint64_t done_bytes, std::optional<std::uint64_t> total_bytes,
                          std::chrono::milliseconds elapsed);

} // namespace regctl::cli
