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

/// A rate that all who take bytes share. Thread-safe.
class BandwidthLimit {
public:
  /// `minute_of_day` tells the local time, in minutes since midnight.
  explicit BandwidthLimit(Bandwidth bandwidth,
                          std::function<std::chrono::minutes()> minute_of_day = local_minute);

  /// How many bytes to read at once, at most: about a tenth of a second's.
  [[nodiscard]] std::size_t piece_bytes() const;

  /// Waits until so many bytes may have travelled. Throws Error{interrupted}.
  void take(std::uint64_t bytes);

  static std::chrono::minutes local_minute();

private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::optional<std::uint64_t> rate() const;

  const Bandwidth bandwidth_;
  const std::function<std::chrono::minutes()> minute_of_day_;
  std::mutex mutex_;
  Clock::time_point free_at_{}; ///< guarded: until then the rate is spent
};

/// The limits that hold for what moves between two places; each must outlive what moves.
using BandwidthLimits = std::vector<BandwidthLimit*>;

/// `source` no faster than every one of `limits`.
std::unique_ptr<Source> make_limited_source(std::unique_ptr<Source> source,
                                            const BandwidthLimits& limits);

} // namespace regctl
