// SPDX-License-Identifier: Apache-2.0
#include "ops/nearest.hpp"

#include <doctest/doctest.h>

using regctl::ops::suggestion;

TEST_SUITE_BEGIN("ops/nearest");

TEST_CASE("a near name is suggested, else a few are listed") {
  CHECK(suggestion("latets", {"1.0", "latest"}) == "did you mean latest?");
  CHECK(suggestion("1.1", {"1.0", "1.2"}) == "did you mean 1.0?");
  CHECK(suggestion("x", {"1.0", "2.0"}) == "there are: 1.0, 2.0");
  CHECK(suggestion("x", {"a1", "b2", "c3", "d4", "e5", "f6"}) ==
        "there are: a1, b2, c3, d4, e5, …");
  CHECK(suggestion("x", {}).empty());
}

TEST_SUITE_END();
