// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;

TEST_SUITE_BEGIN("base/text");

TEST_CASE("trim takes blanks away from both ends only") {
  CHECK(trim("") == "");
  CHECK(trim(" \t\r\n") == "");
  CHECK(trim("a") == "a");
  CHECK(trim("\r\n a \t b\t\n") == "a \t b");
}

TEST_SUITE_END();
