// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/summary.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace regctl::cli {

/// Counters of a mirror's passes, for Prometheus. Thread-safe.
class MirrorMetrics {
public:
  /// Adds a finished pass.
  void add(const ops::mirror::Summary& summary, bool is_good,
           std::chrono::system_clock::time_point now);

  /// Whether the last pass was interrupted.
  [[nodiscard]] bool was_interrupted() const;

  /// The text format, version 0.0.4; all names begin with "regctl_mirror_".
  [[nodiscard]] std::string print() const;

private:
  mutable std::mutex mutex_; ///< guards the members below
  std::uint64_t passes_ = 0;
  std::uint64_t passes_failed_ = 0;
  std::uint64_t images_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t last_pass_s_ = 0;
  std::int64_t last_success_s_ = 0;
  ops::mirror::Summary last_;
};

} // namespace regctl::cli
