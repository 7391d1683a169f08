// SPDX-License-Identifier: Apache-2.0
#include "cli/tally.hpp"

#include <doctest/doctest.h>

using namespace regctl::cli;
using namespace std::chrono_literals;
using Verb = regctl::ops::Progress::Verb;

TEST_SUITE_BEGIN("cli/tally");

TEST_CASE("the rate follows the last seconds") {
  const ProgressClock::time_point begin{};
  RateMeter meter;
  CHECK_FALSE(meter.bytes_per_second());
  meter.look(begin, 0);
  meter.look(begin + 500ms, 1000);
  CHECK_FALSE(meter.bytes_per_second()); // too early to tell
  meter.look(begin + 2s, 2000);
  CHECK(meter.bytes_per_second() == 1000U);

  SUBCASE("a stall shows") {
    for (auto now = begin + 2s; now <= begin + 9s; now += 100ms) {
      meter.look(now, 2000);
    }
    CHECK(meter.bytes_per_second() == 0U);
  }
  SUBCASE("samples that are far apart count too") {
    meter.look(begin + 12s, 22000);
    CHECK(meter.bytes_per_second() == 2000U);
  }
  SUBCASE("a layer that restarts has a new rate") {
    meter.look(begin + 3s, 10);
    CHECK_FALSE(meter.bytes_per_second());
  }
}

TEST_CASE("totals count finished, moving and skipped layers") {
  const ProgressClock::time_point now{};
  Tally tally;
  tally.expect(3, {600});
  CHECK(tally.layers_expected() == 3);
  CHECK(tally.bytes_expected() == 600U);
  const auto first = tally.begin(std::string(64, 'a'), Verb::pulling, 100, now);
  tally.advance(first, 40);
  CHECK(tally.bytes_moved() == 40);
  tally.restart(first);
  CHECK(tally.bytes_moved() == 0);
  tally.advance(first, 100);
  CHECK(tally.finish(first).id == "aaaaaaaaaaaa");
  CHECK(tally.layers_over() == 1);
  CHECK(tally.bytes_moved() == 100);

  tally.skip(200);
  CHECK(tally.layers_over() == 2);
  CHECK(tally.bytes_expected() == 400U);

  const auto failed = tally.begin("b", Verb::pulling, 300, now);
  tally.advance(failed, 30);
  tally.drop(failed);
  CHECK(tally.layers_over() == 2);
  CHECK(tally.bytes_moved() == 100);
  CHECK(tally.layers().empty());
}

TEST_CASE("a total that turned out wrong is not shown") {
  Tally tally;
  CHECK_FALSE(tally.bytes_expected());
  tally.expect(1, {10});
  const auto task = tally.begin("a", Verb::pushing, 10, {});
  tally.advance(task, 11);
  CHECK_FALSE(tally.bytes_expected());
}

TEST_CASE("layers of unknown size add to the total when they finish") {
  Tally tally;
  tally.expect(2, {100, 2});
  const auto task = tally.begin("a", Verb::pushing, std::nullopt, {});
  tally.advance(task, 50);
  CHECK(tally.may_exceed_expected());
  tally.finish(task);
  CHECK(tally.bytes_expected() == 150U);
  CHECK(tally.may_exceed_expected());
  tally.skip(std::nullopt);
  CHECK(tally.bytes_expected() == 150U);
  CHECK_FALSE(tally.may_exceed_expected());
  tally.skip(std::nullopt); // more than were expected
  CHECK_FALSE(tally.may_exceed_expected());
}

TEST_SUITE_END();
