// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/quantity.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>

using namespace regctl;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("base/quantity");

namespace {

template <class Parse> void check_refused(const char* text, Parse&& parse) {
  CAPTURE(text);
  try {
    parse(text);
    FAIL_CHECK("was taken");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().find("'" + std::string(text) + "'") == 0);
    CHECK_FALSE(error.hint().empty());
  }
}

} // namespace

TEST_CASE("a decimal number has digits and one dot") {
  CHECK(parse_decimal("12") == 12);
  CHECK(parse_decimal("0.5") == 0.5);
  for (const auto* text : {"", ".", "-1", "+1", " 1", "1 ", "1e3", "1.2.3", "inf", "nan", "0x1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text));
  }
}

TEST_CASE("durations need units") {
  struct Row {
    const char* text;
    std::chrono::seconds duration;
  };
  const Row rows[] = {
      {"90s", 90s},   {"15m", 15min},  {"12h", 12h},       {"7d", 168h}, {"2w", 336h},
      {"1d12h", 36h}, {"1.5h", 90min}, {"1h30m5s", 5405s}, {"0s", 0s},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_duration(row.text) == row.duration);
  }
  for (const char* text : {"", "7", "d", "7y", "7 d", "-1d", "1e9s", "7dd", "1.2.3s", ".s",
                           "99999999999999999w", "7days"}) {
    check_refused(text, parse_duration);
  }
}

TEST_CASE("sizes count in thousands, or in 1024 with an i") {
  struct Row {
    const char* text;
    std::uint64_t bytes;
  };
  const Row rows[] = {
      {"0", 0},
      {"512", 512},
      {"512B", 512},
      {"20kB", 20'000},
      {"20KB", 20'000},
      {"20k", 20'000},
      {"1KiB", 1024},
      {"1.5GB", 1'500'000'000},
      {"2MiB", 2'097'152},
      {"20 MB", 20'000'000},
      {"1g", 1'000'000'000},
      {"1TiB", 1'099'511'627'776},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_size(row.text) == row.bytes);
  }
  for (const char* text : {"", "MB", "-1", "1XB", "1.2.3k", "1e3", "99999TB", "20Mbit", "20MB/s"}) {
    check_refused(text, parse_size);
  }
}

TEST_CASE("shares are percents or fractions") {
  CHECK(parse_share("10%") == doctest::Approx(0.1));
  CHECK(parse_share("0.25") == doctest::Approx(0.25));
  CHECK(parse_share("0") == 0);
  CHECK(parse_share("100%") == 1);
  for (const char* text : {"", "%", "101%", "10", "-1%", "1%%"}) {
    check_refused(text, parse_share);
  }
}

TEST_CASE("a bandwidth changes with the time of day") {
  const auto bandwidth =
      parse_bandwidth("08:00-18:00: 5MB/s, 22:30-06:00: unlimited, 07:00-09:00: 1kB, 20MB/s");
  struct Row {
    std::chrono::minutes time;
    std::optional<std::uint64_t> rate;
  };
  const Row rows[] = {
      {0min, {}},        {5h + 59min, {}},         {6h, 20'000'000},  {7h + 59min, 1000},
      {8h, 5'000'000},   {17h + 59min, 5'000'000}, {18h, 20'000'000}, {22h + 29min, 20'000'000},
      {22h + 30min, {}}, {23h + 59min, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.time.count());
    CHECK(bandwidth.at(row.time) == row.rate);
  }
  CHECK(bandwidth.is_limited());
  CHECK(parse_bandwidth("20MB/s") == Bandwidth{{}, 20'000'000});
  CHECK_FALSE(parse_bandwidth("unlimited").is_limited());
  CHECK_FALSE(Bandwidth().is_limited());
  CHECK(parse_bandwidth("0:00-24:00: 1MB").at(23h) == 1'000'000);
  CHECK(parse_bandwidth("00:00-00:00: 1MB").at(12h) == 1'000'000); // the whole day
  CHECK_FALSE(parse_bandwidth("08:00-18:00: 5MB/s").at(7h));
}

TEST_CASE("a malformed bandwidth is refused") {
  for (const char* text :
       {"", "fast", "0MB/s", "5MB/s, 20MB/s", "5MB/s,", "8-18: 5MB/s", "08:00-18:00",
        "08:00-18:00:", "08:00-24:01: 5MB/s", "08:60-09:00: 5MB/s", "08:0-09:00: 5MB/s",
        "1.5:00-09:00: 5MB/s", "-5MB/s", "20Mbit/s", "08:00-09:00: 5MB/s 20MB/s"}) {
    check_refused(text, parse_bandwidth);
  }
}

TEST_SUITE_END();
