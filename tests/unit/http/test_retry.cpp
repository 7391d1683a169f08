// SPDX-License-Identifier: Apache-2.0
#include "http/retry.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace regctl::http;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST_SUITE_BEGIN("http/retry");

TEST_CASE("delays double up to a limit, lose up to a half, and respect Retry-After") {
  struct Row {
    const char* name;
    unsigned attempt;
    milliseconds first;
    double jitter;
    std::optional<milliseconds> retry_after;
    milliseconds delay;
  };
  const Row rows[] = {
      {"the first", 1, 500ms, 0, {}, 500ms},
      {"the second", 2, 500ms, 0, {}, 1s},
      {"the sixth", 6, 500ms, 0, {}, 16s},
      {"the longest", 7, 500ms, 0, {}, k_longest_delay},
      {"no overflow", 4'000'000'000U, 500ms, 0, {}, k_longest_delay},
      {"the most jitter", 2, 500ms, 1, {}, 500ms},
      {"half of it", 2, 500ms, 0.5, {}, 750ms},
      {"jitter of the longest", 20, 500ms, 1, {}, k_longest_delay / 2},
      {"the server's minimum", 1, 500ms, 0, 2s, 2s},
      {"a minimum that jitter does not touch", 1, 500ms, 1, 2s, 2s},
      {"a minimum beyond the longest", 1, 500ms, 0, 120s, 120s},
      {"a minimum below our own", 3, 500ms, 0, 1s, 2s},
      {"nothing to wait for", 1, 0ms, 0.3, 0s, 0ms},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(retry_delay(row.attempt, row.first, row.jitter, row.retry_after) == row.delay);
  }
}

TEST_CASE("Retry-After is seconds or a date") {
  constexpr std::time_t k_now = 784'111'777; // Sun, 06 Nov 1994 08:49:37 GMT
  struct Row {
    const char* value;
    std::optional<milliseconds> delay;
  };
  const Row rows[] = {
      {"0", 0ms},
      {"120", 120s},
      {"99999999999999", 100LL * 365 * 24h},
      {"Sun, 06 Nov 1994 08:49:39 GMT", 2s},
      {"Sunday, 06-Nov-94 08:50:37 GMT", 60s},
      {"Sun Nov  6 08:49:47 1994", 10s},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 0ms},
      {"Sun, 06 Nov 1994 07:00:00 GMT", 0ms}, // in the past
      {"", std::nullopt},
      {"soon", std::nullopt},
      {"-5", std::nullopt},
      {"99999999999999999999", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(parse_retry_after(row.value, k_now) == row.delay);
  }
}

TEST_CASE("temporary statuses are retried, and doubtful ones fewer times") {
  for (const int status : {408, 429, 502, 503, 504}) {
    CAPTURE(status);
    CHECK(is_passing(status));
    CHECK(retries_after(status, 5) == 5);
  }
  for (const int status : {500, 507, 522, 599}) {
    CAPTURE(status);
    CHECK(is_passing(status));
    CHECK(retries_after(status, 5) == 3);
    CHECK(retries_after(status, 1) == 1);
  }
  for (const int status : {200, 400, 401, 404, 428, 430, 499, 501, 505, 600}) {
    CAPTURE(status);
    CHECK_FALSE(is_passing(status));
    CHECK(retries_after(status, 5) == 0);
  }
}

TEST_SUITE_END();
