// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/nearest.hpp>

#include <doctest/doctest.h>

using regctl::find_nearest;

TEST_SUITE_BEGIN("base/nearest");

TEST_CASE("the nearest name is found if it is near") {
  CHECK(find_nearest("latets", {"1.0", "latest"}) == "latest");
  CHECK(find_nearest("pul", {"push", "pull"}) == "pull");
  CHECK(find_nearest("1.1", {"1.0", "1.2"}) == "1.0"); // the first of equals
  CHECK_FALSE(find_nearest("x", {"1.0", "y"}));
  CHECK_FALSE(find_nearest("xyzzy", {"pull", "push"}));
  CHECK_FALSE(find_nearest("pull", {}));
  CHECK(find_nearest("", {}) == std::nullopt);
}

TEST_SUITE_END();
