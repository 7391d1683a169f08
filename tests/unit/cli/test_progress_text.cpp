// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_text.hpp"
#include "cli/text.hpp"

#include <doctest/doctest.h>

using namespace regctl::cli;
using namespace std::chrono_literals;
using Verb = regctl::ops::Progress::Verb;

namespace {

const std::string k_id = "90faa9565197" + std::string(52, '0');

/// A layer of 65.57 MB of which 20 MB came in two seconds.
Tally::Layer layer(std::optional<std::uint64_t> total = 65'570'000) {
  Tally::Layer result{"90faa9565197", Verb::pulling, total, 20'000'000, {}};
  result.rate.look(ProgressClock::time_point{}, 0);
  result.rate.look(ProgressClock::time_point{} + 2s, 20'000'000);
  return result;
}

} // namespace

TEST_SUITE_BEGIN("cli/progress_text");

TEST_CASE("a bar shows the fields that fit") {
  struct Row {
    std::size_t columns;
    std::string line;
  };
  const Row rows[] = {
      {119,
       "90faa9565197 Pulling [==============>                                 ]    20 MB/65.57 "
       "MB    10 MB/s    0:05"},
      {99, "90faa9565197 Pulling [===========>                           ]    20 MB/65.57 MB    10 "
           "MB/s    0:05"},
      {68, "90faa9565197 Pulling [==>     ]    20 MB/65.57 MB    10 MB/s    0:05"},
      {62, "90faa9565197 Pulling [===>      ]    20 MB/65.57 MB    10 MB/s"},
      {59, "90faa9565197 Pulling [=====>            ]    20 MB/65.57 MB"},
      {44, "90faa9565197 [===>       ]    20 MB/65.57 MB"},
      {39, "90faa9565197    20 MB/65.57 MB"},
      {20, "90faa9565197    2..."},
      {5, "90..."},
  };
  for (const auto& row : rows) {
    CAPTURE(row.columns);
    CHECK(layer_line(layer(), row.columns) == row.line);
  }
}

TEST_CASE("a layer of unknown size has no bar and no end") {
  const auto line = layer_line(layer(std::nullopt), 99);
  CHECK(line.find('[') == std::string::npos);
  CHECK(line.find("20 MB ") != std::string::npos);
  CHECK(line.ends_with("10 MB/s"));
}

TEST_CASE("a bar is full at the end and never overflows") {
  auto full = layer(20'000'000);
  CHECK(layer_line(full, 99).find('>') == std::string::npos);
  full.done_bytes = 30'000'000; // a peer that sends more than it promised
  CHECK(layer_line(full, 99).size() <= 99);
  auto empty = layer(0);
  empty.done_bytes = 0;
  CHECK(layer_line(empty, 99).find("==]") != std::string::npos);
}

TEST_CASE("the total line has all known fields that fit") {
  Tally tally;
  tally.expect(12, {120'000'000});
  const auto task = tally.begin(k_id, Verb::pulling, 100'000'000, ProgressClock::time_point{});
  tally.skip(20'000'000);
  tally.advance(task, 45'000'000);
  tally.look(ProgressClock::time_point{} + 3s);
  CHECK(total_line(tally, {}, 100) == "1 of 12 layers, 45 MB of 100 MB, 15 MB/s, 0:04 left");
  CHECK(total_line(tally, {}, 40) == "1 of 12 layers, 45 MB of 100 MB, 15 MB/s");
  CHECK(total_line(tally, {}, 32) == "1 of 12 layers, 45 MB of 100 MB");
  CHECK(total_line(tally, {}, 10) == "1 of 12...");
}

TEST_CASE("a total that may grow is shown as a lower bound") {
  Tally tally;
  tally.expect(3, {100'000'000, 1});
  const auto task = tally.begin(k_id, Verb::pulling, 100'000'000, ProgressClock::time_point{});
  tally.advance(task, 45'000'000);
  tally.look(ProgressClock::time_point{} + 3s);
  CHECK(total_line(tally, {}, 100) ==
        "0 of 3 layers, 45 MB of at least 100 MB, 15 MB/s, 0:04+ left");
}

TEST_CASE("the run's position comes first, and its parts are left out first") {
  Tally tally;
  const Standing standing = {"12 of 300 repositories", "120 of 340+ tags", 1, 0s};
  CHECK(total_line(tally, standing, 100) == "12 of 300 repositories, 120 of 340+ tags");
  CHECK(total_line(tally, standing, 30) == "120 of 340+ tags");
  CHECK(total_line(tally, {"12 of 300 repositories", "", 1, 0s}, 100) == "12 of 300 repositories");
  tally.expect(12, {120'000'000});
  const auto task = tally.begin(k_id, Verb::copying, 100'000'000, ProgressClock::time_point{});
  tally.advance(task, 45'000'000);
  tally.look(ProgressClock::time_point{} + 3s);
  const std::string moving = "45 MB of 120 MB, 15 MB/s, 0:05 left";
  struct Row {
    std::size_t columns;
    std::string line;
  };
  const Row rows[] = {
      {100, "12 of 300 repositories, 120 of 340+ tags, 0 of 12 layers, " + moving},
      {91, "120 of 340+ tags, 0 of 12 layers, " + moving},
      {60, "120 of 340+ tags, " + moving},
      {50, "120 of 340+ tags, 45 MB of 120 MB, 15 MB/s"},
      {20, "120 of 340+ tags"},
      {10, "120 of ..."},
  };
  for (const auto& row : rows) {
    CAPTURE(row.columns);
    CHECK(total_line(tally, standing, row.columns) == row.line);
  }
  CHECK(total_line(tally, {"12 of 300 repositories", "", 1, 0s}, 60) ==
        "12 of 300 repositories, 0 of 12 layers, 45 MB of 120 MB");
}

TEST_CASE("the time left is that of the whole run") {
  struct Row {
    double share;
    std::chrono::milliseconds so_far;
    std::string left;
  };
  const Row rows[] = {
      {1, 60s, "0:05 left"},    // what is open is all there is
      {0.25, 60s, "3:00 left"}, // three quarters take three times as long
      {0.99, 60s, "0:05 left"}, // not less than what is open takes
      {0, 60s, "0:05+ left"},   // nothing is over that would tell
      {0.25, 900ms, "15 MB/s"}, // too early
      {1e-9, 3600s, "15 MB/s"}, // for ever
  };
  Tally tally;
  tally.expect(12, {120'000'000});
  const auto task = tally.begin(k_id, Verb::copying, 100'000'000, ProgressClock::time_point{});
  tally.advance(task, 45'000'000);
  tally.look(ProgressClock::time_point{} + 3s);
  for (const auto& row : rows) {
    CAPTURE(row.share);
    const Standing standing{"1 of 4 repositories", "", row.share, row.so_far};
    CHECK(total_line(tally, standing, 100).ends_with(", " + row.left));
  }
  CHECK(total_line({}, {"1 of 4 repositories", "", 0.25, 60s}, 100) ==
        "1 of 4 repositories, 3:00 left"); // where nothing moves
}

TEST_CASE("lines never wrap and never fill the window") {
  Tally tally;
  tally.expect(20, {1'000'000});
  for (int i = 0; i < 20; ++i) {
    tally.begin(k_id, Verb::copying, 50'000, ProgressClock::time_point{});
  }
  for (const unsigned columns : {1U, 2U, 20U, 40U, 80U, 100U, 500U}) {
    for (const unsigned rows : {1U, 2U, 3U, 10U, 24U, 50U}) {
      CAPTURE(columns);
      CAPTURE(rows);
      const auto lines = progress_lines(tally, {}, {columns, rows});
      CHECK(lines.size() < std::max(rows, 3U));
      for (const auto& line : lines) {
        CHECK(display_width(line) < std::max(columns, 2U));
      }
    }
  }
  const auto lines = progress_lines(tally, {}, {80, 10});
  CHECK(lines.size() == 9);
  CHECK(lines[7] == "... and 13 more");
  CHECK(lines[8].starts_with("0 of 20 layers"));
}

TEST_CASE("nothing is drawn while nothing moves") {
  Tally tally;
  tally.expect(3, {100});
  CHECK(progress_lines(tally, {}, {80, 24}).empty());
}

TEST_SUITE_END();
