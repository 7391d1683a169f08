// SPDX-License-Identifier: Apache-2.0
#include "http/content_range.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>

using namespace regctl::http;

TEST_SUITE_BEGIN("http/content_range");

TEST_CASE("a content range is read with and without its unit") {
  struct Row {
    const char* value;
    std::uint64_t first;
    std::uint64_t last;
    std::optional<std::uint64_t> size_bytes;
  };
  const Row rows[] = {
      {"bytes 10-19/200", 10, 19, 200},
      {"10-19/200", 10, 19, 200}, // docker-registry 0.9
      {"bytes 0-0/1", 0, 0, 1},
      {"bytes 10-19/*", 10, 19, std::nullopt},
      {"bytes 0-18446744073709551614/18446744073709551615", 0, 18446744073709551614U,
       18446744073709551615U},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    const auto range = parse_content_range(row.value);
    REQUIRE(range);
    CHECK(range->first == row.first);
    CHECK(range->last == row.last);
    CHECK(range->size_bytes == row.size_bytes);
  }
}

TEST_CASE("a malformed content range gives nothing") {
  for (const char* value :
       {"", "bytes", "bytes ", "bytes */200", "bytes 10-/200", "bytes -19/200", "bytes 19-10/200",
        "bytes 10-19", "bytes 10-19/", "bytes 10-19/x", "bytes 10-19/200 ", "lines 10-19/200",
        "bytes  10-19/200", "bytes 10 - 19/200", "bytes 18446744073709551616-9/1", "+1-2/3"}) {
    CAPTURE(value);
    CHECK_FALSE(parse_content_range(value));
  }
}

TEST_SUITE_END();
