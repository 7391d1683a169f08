// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/time.hpp>

#include <doctest/doctest.h>

using regctl::parse_rfc3339;

TEST_SUITE_BEGIN("base/time");

TEST_CASE("times of RFC 3339 become seconds, with their offset and without their fraction") {
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_rfc3339("2014-05-13T16:53:20.123456789Z") == 1400000000);
  CHECK(parse_rfc3339("2013-03-23T22:24:18.818426-07:00") == 1364102658);
  CHECK(parse_rfc3339("1970-01-01T01:30:00+01:30") == 0);
}

TEST_CASE("what is no time is none") {
  for (const char* text :
       {"", "2014", "2014-05-13", "2014-05-13T16:53:20", "2014-13-13T16:53:20Z",
        "2014-05-13 16:53:20Z", "2014-05-13T25:53:20Z", "2014-05-13T16:53:20+0200",
        "-014-05-13T16:53:20Z", "2014-05-13T16:53:20Zx"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_SUITE_END();
