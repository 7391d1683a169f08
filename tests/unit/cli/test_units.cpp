// SPDX-License-Identifier: Apache-2.0
#include "cli/units.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;

TEST_SUITE_BEGIN("cli/units");

TEST_CASE("sizes are printed as docker 1.x prints them") {
  struct Row {
    std::uint64_t bytes;
    std::string text;
  };
  const Row rows[] = {
      {0, "0 B"},
      {999, "999 B"},
      {1000, "1 kB"},
      {65566, "65.57 kB"},
      {1'093'000'000, "1.093 GB"},
      {188'100'000, "188.1 MB"},
      {18'446'744'073'709'551'615U, "18.45 EB"},
  };
  for (const auto& row : rows) {
    CHECK(human_size(row.bytes) == row.text);
  }
}

TEST_CASE("a sum shows whether sizes are unknown, and is never 0 if all are") {
  struct Row {
    SizeSum size;
    std::string cell;
    std::string words;
  };
  const Row rows[] = {
      {{0, 0}, "0 B", "0 B"},
      {{1000, 0}, "1 kB", "1 kB"},
      {{1000, 2}, "at least 1 kB", "at least 1 kB"},
      {{0, 1}, "N/A", "1 layer of unknown size"},
      {{0, 2}, "N/A", "2 layers of unknown size"},
  };
  for (const auto& row : rows) {
    CHECK(show_size(row.size) == row.cell);
    CHECK(size_of_layers(row.size) == row.words);
  }
  CHECK(show_size(std::optional<SizeSum>()) == "N/A");
}

TEST_CASE("ages are printed as docker 1.x prints them") {
  struct Row {
    std::string created;
    std::string text;
  };
  // now is 2015-06-01T00:00:00Z
  const Row rows[] = {
      {"2015-06-01T00:00:00Z", "Less than a second ago"},
      {"2015-06-01T00:00:05Z", "Less than a second ago"}, // a clock that runs ahead
      {"2015-05-31T23:59:59Z", "1 second ago"},
      {"2015-05-31T23:59:01.5Z", "59 seconds ago"},
      {"2015-05-31T23:58:30Z", "About a minute ago"},
      {"2015-05-31T23:57:00Z", "3 minutes ago"},
      {"2015-05-31T22:30:00Z", "About an hour ago"},
      {"2015-06-01T00:30:00+02:00", "About an hour ago"},
      {"2015-05-30T01:00:00Z", "47 hours ago"},
      {"2015-05-25T00:00:00Z", "7 days ago"},
      {"2015-05-11T00:00:00Z", "3 weeks ago"},
      {"2015-02-01T00:00:00Z", "4 months ago"},
      {"2012-06-01T00:00:00Z", "3 years ago"},
      {"1970-01-01T00:00:00Z", "45 years ago"},
      {"0001-01-01T00:00:00Z", "N/A"}, // Go's zero time
      {"9999-12-31T23:59:59Z", "Less than a second ago"},
      {"yesterday", "N/A"},
      {"", "N/A"},
  };
  const std::chrono::system_clock::time_point now =
      std::chrono::sys_days(std::chrono::year(2015) / 6 / 1);
  for (const auto& row : rows) {
    CAPTURE(row.created);
    CHECK(human_age(row.created, now) == row.text);
  }
}

TEST_CASE("a remaining time is printed like a clock") {
  CHECK(human_duration(std::chrono::seconds(0)) == "0:00");
  CHECK(human_duration(std::chrono::seconds(67)) == "1:07");
  CHECK(human_duration(std::chrono::seconds(3723)) == "1:02:03");
}

TEST_CASE("times of files are printed in UTC, and beyond four-digit years as a number") {
  CHECK(show_time(1400000000) == "2014-05-13 16:53");
  CHECK(show_time(0) == "1970-01-01 00:00");
  CHECK(show_time(-1) == "1969-12-31 23:59");
  CHECK(show_time(9'223'372'036'854'775'807) == "9223372036854775807");
  CHECK(show_time(-9'223'372'036'854'775'807 - 1) == "-9223372036854775808");
}

TEST_SUITE_END();
