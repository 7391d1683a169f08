// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/whole_number.hpp>

#include <doctest/doctest.h>

#include <cstdint>

using namespace regctl;

TEST_SUITE_BEGIN("base/whole_number");

TEST_CASE("only a text that is a number as a whole is parsed") {
  CHECK(parse_whole_number<int>("12") == 12);
  CHECK(parse_whole_number<int>("012") == 12);
  CHECK(parse_whole_number<int>("-12") == -12);
  for (const auto* text : {"", " 1", "1 ", "+1", "1.0", "0x1", "one", "1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_whole_number<int>(text));
  }
}

TEST_CASE("a number out of the type's range is refused") {
  CHECK(parse_whole_number<std::uint16_t>("65535") == 65535);
  CHECK_FALSE(parse_whole_number<std::uint16_t>("65536"));
  CHECK_FALSE(parse_whole_number<std::uint16_t>("-1"));
  CHECK_FALSE(parse_whole_number<std::int64_t>("9223372036854775808"));
}

TEST_CASE("other bases have their own digits") {
  CHECK(parse_whole_number<std::int64_t>("755", 8) == 493);
  CHECK_FALSE(parse_whole_number<std::int64_t>("8", 8));
  CHECK(parse_whole_number<std::uint64_t>("fF", 16) == 255);
}

TEST_SUITE_END();
