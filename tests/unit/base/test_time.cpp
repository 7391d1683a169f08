// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/time.hpp>

#include <doctest/doctest.h>

using regctl::parse_rfc3339;
using regctl::print_rfc3339;

TEST_SUITE_BEGIN("base/time");

TEST_CASE("times of RFC 3339 become seconds, with their offset and without their fraction") {
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_rfc3339("2014-05-13T16:53:20.123456789Z") == 1400000000);
  CHECK(parse_rfc3339("2013-03-23T22:24:18.818426-07:00") == 1364102658);
  CHECK(parse_rfc3339("1970-01-01T01:30:00+01:30") == 0);
}

TEST_CASE("seconds become times of RFC 3339, as long as the year has four digits") {
  CHECK(print_rfc3339(0) == "1970-01-01T00:00:00Z");
  CHECK(print_rfc3339(1400000000) == "2014-05-13T16:53:20Z");
  CHECK(print_rfc3339(-62'167'219'200) == "0000-01-01T00:00:00Z");
  CHECK(print_rfc3339(-62'167'219'201).empty());
  CHECK(print_rfc3339(253'402'300'799) == "9999-12-31T23:59:59Z");
  CHECK(print_rfc3339(253'402'300'800).empty());
}

TEST_CASE("a malformed time is refused") {
  for (const char* text :
       {"", "2014", "2014-05-13", "2014-05-13T16:53:20", "2014-13-13T16:53:20Z",
        "2014-05-13 16:53:20Z", "2014-05-13T25:53:20Z", "2014-05-13T16:53:20+0200",
        "-014-05-13T16:53:20Z", "2014-05-13T16:53:20Zx"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_SUITE_END();
