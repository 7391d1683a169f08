// SPDX-License-Identifier: Apache-2.0
#include "cli/tally.hpp"

#include "cli/text.hpp"

#include <algorithm>

namespace regctl::cli {

namespace {

std::string describe_seconds(std::uint64_t seconds) {
  if (seconds < 120) {
    return std::to_string(seconds) + " s";
  }
  const auto minutes = seconds / 60;
  return minutes < 120 ? std::to_string(minutes) + " min" : std::to_string(minutes / 60) + " h";
}

} // namespace

void Tally::expect(std::uint64_t tasks, std::uint64_t bytes) {
  expected_tasks_ += tasks;
  expected_bytes_ += bytes;
}

ops::Progress::Task Tally::begin(const std::string& id, ops::Progress::Verb verb,
                                 std::optional<std::uint64_t> total_bytes, Clock::time_point now) {
  if (over_tasks_ == 0 && running_.empty()) {
    started_ = now;
  }
  running_[next_] = {id, verb, total_bytes, 0, now};
  return next_++;
}

void Tally::advance(ops::Progress::Task task, std::uint64_t bytes) {
  running_[task].done_bytes += bytes;
}

void Tally::restart(ops::Progress::Task task) {
  running_[task].done_bytes = 0;
}

Tally::Running Tally::finish(ops::Progress::Task task) {
  auto over = running_[task];
  ++over_tasks_;
  over_bytes_ += over.done_bytes;
  running_.erase(task);
  return over;
}

void Tally::drop(ops::Progress::Task task) {
  running_.erase(task);
}

void Tally::skip() {
  ++over_tasks_;
}

std::string Tally::summary(Clock::time_point now) const {
  auto done = over_bytes_;
  for (const auto& [task, running] : running_) {
    done += running.done_bytes;
  }
  auto text = std::to_string(over_tasks_) + " of " +
              std::to_string(std::max(expected_tasks_, over_tasks_)) + " layers, " +
              human_size(done);
  if (expected_bytes_ >= done) {
    text += " of " + human_size(expected_bytes_);
  }
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  const auto rate = describe_rate(done, expected_bytes_, elapsed);
  return rate.empty() ? text : text + ", " + rate;
}

std::string describe_rate(std::uint64_t done_bytes, std::optional<std::uint64_t> total_bytes,
                          std::chrono::milliseconds elapsed) {
  if (elapsed.count() < 200 || done_bytes == 0) {
    return {}; // too early to tell
  }
  const auto per_second =
      std::max<std::uint64_t>(1, done_bytes * 1000 / static_cast<std::uint64_t>(elapsed.count()));
  auto text = human_size(per_second) + "/s";
  if (total_bytes && *total_bytes > done_bytes) {
    text += ", " + describe_seconds((*total_bytes - done_bytes) / per_second + 1) + " left";
  }
  return text;
}

} // namespace regctl::cli
