// SPDX-License-Identifier: Apache-2.0
#include "server/http/range.hpp"

#include <doctest/doctest.h>

#include <string>

using regctl::server::ByteRange;
using regctl::server::parse_range;

namespace {

/// "whole", "unsatisfiable" or "FIRST+SIZE".
std::string read(std::optional<std::string_view> header, std::uint64_t size_bytes) {
  const auto range = parse_range(header, size_bytes);
  switch (range.kind) {
  case ByteRange::Kind::whole:
    CHECK(range.first == 0);
    CHECK(range.size_bytes == size_bytes);
    return "whole";
  case ByteRange::Kind::part:
    return std::to_string(range.first) + "+" + std::to_string(range.size_bytes);
  case ByteRange::Kind::unsatisfiable:
    break;
  }
  return "unsatisfiable";
}

} // namespace

TEST_SUITE_BEGIN("server/http/range");

TEST_CASE("ranges are read as RFC 9110 says and as engines mean them") {
  struct Row {
    const char* header;
    std::uint64_t size_bytes;
    const char* result;
  };
  const Row rows[] = {
      {"bytes=0-", 100, "0+100"},
      {"bytes=0-99", 100, "0+100"},
      {"bytes=0-0", 100, "0+1"},
      {"bytes=5-5", 100, "5+1"},
      {"bytes=99-", 100, "99+1"},
      {"bytes=10-100", 100, "10+90"}, // engines: one past the end
      {"bytes=10-18446744073709551615", 100, "10+90"},
      {"bytes=-1", 100, "99+1"},
      {"bytes=-100", 100, "0+100"},
      {"bytes=-101", 100, "0+100"},
      {"bytes=-18446744073709551615", 100, "0+100"},
      {"bytes=100-", 100, "unsatisfiable"},
      {"bytes=100-200", 100, "unsatisfiable"},
      {"bytes=18446744073709551615-", 100, "unsatisfiable"},
      {"bytes=-0", 100, "unsatisfiable"},
      {"bytes=0-", 0, "unsatisfiable"},
      {"bytes=0-0", 0, "unsatisfiable"},
      {"bytes=-5", 0, "unsatisfiable"},
      {"bytes=9-5", 100, "whole"},
      {"bytes=-", 100, "whole"},
      {"bytes=", 100, "whole"},
      {"bytes", 100, "whole"},
      {"", 100, "whole"},
      {"bytes=1-2,4-5", 100, "whole"},
      {"bytes=1-2-3", 100, "whole"},
      {"bytes=a-", 100, "whole"},
      {"bytes=1-b", 100, "whole"},
      {"bytes=--5", 100, "whole"},
      {"bytes=+1-5", 100, "whole"},
      {"bytes= 1-5", 100, "whole"},
      {"bytes=18446744073709551616-", 100, "whole"}, // no 64-bit number
      {"lines=1-2", 100, "whole"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.header);
    CAPTURE(row.size_bytes);
    CHECK(read(row.header, row.size_bytes) == row.result);
  }
  CHECK(read(std::nullopt, 100) == "whole");
}
