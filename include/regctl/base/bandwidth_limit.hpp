// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/quantity.hpp>
#include <regctl/base/stream.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace regctl {

/// One rate shared by all callers of take(). Thread-safe.
class BandwidthLimit {
public:
  /// `minute_of_day` tells the local time, in minutes since midnight.
  explicit BandwidthLimit(Bandwidth bandwidth,
                          std::function<std::chrono::minutes()> minute_of_day = local_minute);

  /// The most bytes to read at once: about a tenth of a second's share of the rate.
  [[nodiscard]] std::size_t piece_bytes() const;

  /// Waits until the rate allows `bytes` more bytes. Throws Error{interrupted}.
  void take(std::uint64_t bytes);

  static std::chrono::minutes local_minute();

private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::optional<std::uint64_t> rate() const;

  const Bandwidth bandwidth_;
  const std::function<std::chrono::minutes()> minute_of_day_;
  std::mutex mutex_;
  Clock::time_point free_at_{}; ///< guarded; the rate is used up until this time
};

/// The limits of the transfers between two places. Each limit must outlive those transfers.
using BandwidthLimits = std::vector<BandwidthLimit*>;

/// `source`, read no faster than the slowest of `limits`. The list must outlive the result.
std::unique_ptr<Source> make_limited_source(std::unique_ptr<Source> source,
                                            const BandwidthLimits& limits);

} // namespace regctl
