// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/quantity.hpp>
#include <regctl/ops/progress.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace regctl::cli {

using ProgressClock = std::chrono::steady_clock;

/// Bytes per second over the last five seconds or the last two samples, whichever is longer, so
/// that a stall shows but a short pause does not. Not thread-safe.
class RateMeter {
public:
  /// Takes a sample: `bytes` in all until `now`. A smaller number than before starts again.
  void look(ProgressClock::time_point now, std::uint64_t bytes);

  /// Nothing during the first second, where it would be a guess.
  [[nodiscard]] std::optional<std::uint64_t> bytes_per_second() const;

private:
  struct Sample {
    ProgressClock::time_point time;
    std::uint64_t bytes;
  };
  std::deque<Sample> samples_;
};

/// The state of a run: the moving layers and the totals. Not thread-safe; the display locks it.
class Tally {
public:
  struct Layer {
    std::string id; ///< as shown, 12 digits
    ops::Progress::Verb verb = ops::Progress::Verb::copying;
    std::optional<std::uint64_t> total_bytes;
    std::uint64_t done_bytes = 0;
    RateMeter rate;
  };
  using Layers = std::map<ops::Progress::Task, Layer>;

  void expect(std::uint64_t layers, const SizeSum& sizes);
  ops::Progress::Task begin(const std::string& id, ops::Progress::Verb verb,
                            std::optional<std::uint64_t> total_bytes,
                            ProgressClock::time_point now);
  void advance(ops::Progress::Task task, std::uint64_t bytes);
  void restart(ops::Progress::Task task);
  /// Removes a finished layer; its bytes count as moved.
  Layer finish(ops::Progress::Task task);
  /// Removes a failed layer.
  Layer drop(ops::Progress::Task task);
  /// Counts a layer that need not move, and its bytes if they were expected.
  void skip(std::optional<std::uint64_t> total_bytes);
  /// Takes a sample for all rates.
  void look(ProgressClock::time_point now);

  [[nodiscard]] const Layers& layers() const noexcept { return layers_; }
  [[nodiscard]] std::uint64_t layers_over() const noexcept { return layers_over_; }
  [[nodiscard]] std::uint64_t layers_expected() const noexcept;
  [[nodiscard]] std::uint64_t bytes_moved() const noexcept;
  /// Nothing if unknown.
  [[nodiscard]] std::optional<std::uint64_t> bytes_expected() const noexcept;
  /// Whether more bytes may come, from layers of unknown size.
  [[nodiscard]] bool may_exceed_expected() const noexcept { return expected_.unknown > 0; }
  [[nodiscard]] const RateMeter& rate() const noexcept { return rate_; }

private:
  Layers layers_;
  ops::Progress::Task next_ = 1;
  std::uint64_t layers_expected_ = 0;
  std::uint64_t layers_over_ = 0;
  SizeSum expected_;
  std::uint64_t bytes_over_ = 0;
  RateMeter rate_;
};

} // namespace regctl::cli
