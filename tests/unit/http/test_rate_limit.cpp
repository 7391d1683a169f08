// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/rate_limit.hpp>

#include <doctest/doctest.h>

using namespace regctl::http;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("http/rate_limit");

TEST_CASE("what is left, and until when, is read as servers tell it") {
  struct Row {
    const char* remaining;
    const char* reset;
    const char* limit;
    std::uint64_t left;
    std::optional<std::chrono::milliseconds> renewed_in;
  };
  const Row rows[] = {
      {"76;w=21600", "", "100;w=21600", 76, 6h}, // Docker Hub
      {"0", "60", "100", 0, 1min},
      {" 7 ", "0", "", 7, 0s},
      {"0", "1700000060", "", 0, 1min}, // GitLab
      {"0", "1600000000", "", 0, 0s},
      {"3", "", "10, 10;w=1", 3, 1s},
      {"3", "", "10", 3, std::nullopt},
      {"3", "soon", "10;w=1", 3, std::nullopt},
      {"3;w=x", "", "", 3, std::nullopt},
      {"0;w=18446744073709551615", "", "", 0, std::chrono::hours(24 * 365 * 100)},
  };
  for (const auto& row : rows) {
    CAPTURE(row.remaining);
    CAPTURE(row.reset);
    Headers headers{{"RateLimit-Remaining", row.remaining}};
    if (*row.reset != 0) {
      headers.add("ratelimit-reset", row.reset);
    }
    if (*row.limit != 0) {
      headers.add("ratelimit-limit", row.limit);
    }
    const auto limit = read_rate_limit(headers, 1'700'000'000);
    REQUIRE(limit);
    CHECK(limit->remaining == row.left);
    CHECK(limit->renewed_in == row.renewed_in);
  }
}

TEST_CASE("other answers tell nothing of a rate limit") {
  for (const auto* text : {"", "much", "-1", ";w=1", "1e3", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(read_rate_limit({{"RateLimit-Remaining", text}}, 0));
  }
  CHECK_FALSE(read_rate_limit({{"RateLimit-Reset", "5"}}, 0));
}

TEST_SUITE_END();
