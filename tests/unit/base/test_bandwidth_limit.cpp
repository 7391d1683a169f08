// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

using namespace regctl;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

Bandwidth rate(std::uint64_t bytes_per_second) {
  return {{}, bytes_per_second};
}

Clock::duration time_to_drain(std::size_t bytes, const BandwidthLimits& limits) {
  const auto begin = Clock::now();
  CHECK(drain(*make_limited_source(make_text_source(std::string(bytes, 'x')), limits)) == bytes);
  return Clock::now() - begin;
}

} // namespace

TEST_SUITE_BEGIN("base/bandwidth_limit");

TEST_CASE("reading takes as long as the rate demands, even with several threads") {
  BandwidthLimit limit(rate(100'000));
  const auto begin = Clock::now();
  {
    std::jthread one([&] { time_to_drain(10'000, {&limit}); });
    std::jthread other([&] { time_to_drain(10'000, {&limit}); });
  }
  CHECK(Clock::now() - begin >= 199ms);
}

TEST_CASE("the lowest of several limits applies") {
  BandwidthLimit fast(rate(100'000'000));
  BandwidthLimit slow(rate(100'000));
  CHECK(time_to_drain(20'000, {&fast, &slow}) >= 199ms);
}

TEST_CASE("a low rate makes small pieces, so that no stall is seen") {
  CHECK(BandwidthLimit(rate(1'000)).piece_bytes() == 100);
  CHECK(BandwidthLimit(rate(1)).piece_bytes() == 1);
  CHECK(BandwidthLimit(rate(1'000'000'000)).piece_bytes() == k_buffer_bytes);
  CHECK(BandwidthLimit(Bandwidth()).piece_bytes() == k_buffer_bytes);
}

TEST_CASE("the rate follows the time of day") {
  auto now = 9h + 0min;
  BandwidthLimit limit(parse_bandwidth("08:00-18:00: 1kB/s, unlimited"), [&] { return now; });
  CHECK(limit.piece_bytes() == 100);
  now = 20h;
  CHECK(limit.piece_bytes() == k_buffer_bytes);
}

TEST_CASE("an interrupt ends the wait") {
  BandwidthLimit limit(rate(1));
  interrupt();
  CHECK_THROWS_AS(limit.take(1'000'000), Error);
  reset_interrupt();
}

TEST_SUITE_END();
