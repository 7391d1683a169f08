// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/base/interrupt.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

namespace regctl {

namespace {

class PacedSource final : public Source {
public:
  PacedSource(std::unique_ptr<Source> source, const BandwidthLimits& limits)
      : source_(std::move(source)), limits_(limits) {}

  std::size_t read(std::span<std::byte> out) override {
    for (const auto* limit : limits_) {
      out = out.first(std::min(out.size(), limit->piece_bytes()));
    }
    const auto n = source_->read(out);
    for (auto* limit : limits_) {
      limit->take(n);
    }
    return n;
  }

private:
  std::unique_ptr<Source> source_;
  const BandwidthLimits& limits_; // outlives this
};

} // namespace

BandwidthLimit::BandwidthLimit(Bandwidth bandwidth,
                               std::function<std::chrono::minutes()> minute_of_day)
    : bandwidth_(std::move(bandwidth)), minute_of_day_(std::move(minute_of_day)) {}

std::optional<std::uint64_t> BandwidthLimit::rate() const {
  return bandwidth_.spans.empty() ? bandwidth_.bytes_per_second : bandwidth_.at(minute_of_day_());
}

std::size_t BandwidthLimit::piece_bytes() const {
  constexpr std::uint64_t k_pieces_per_second = 10;
  const auto per_second = rate();
  return per_second ? std::clamp<std::size_t>(*per_second / k_pieces_per_second, 1, k_buffer_bytes)
                    : k_buffer_bytes;
}

void BandwidthLimit::take(std::uint64_t bytes) {
  const auto per_second = rate();
  if (!per_second || bytes == 0) {
    return;
  }
  const auto cost = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
      static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(*per_second, 1))));
  Clock::duration wait{};
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    free_at_ = std::max(free_at_, now) + cost; // an unused share is lost: no bursts
    wait = free_at_ - now;
  }
  interruptible_sleep_ms(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

std::chrono::minutes BandwidthLimit::local_minute() {
  const auto now = std::time(nullptr);
  struct tm local = {};
  ::localtime_r(&now, &local);
  return std::chrono::hours(local.tm_hour) + std::chrono::minutes(local.tm_min);
}

std::unique_ptr<Source> make_limited_source(std::unique_ptr<Source> source,
                                            const BandwidthLimits& limits) {
  return limits.empty() ? std::move(source)
                        : std::make_unique<PacedSource>(std::move(source), limits);
}

} // namespace regctl
