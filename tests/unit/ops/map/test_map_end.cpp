// SPDX-License-Identifier: Apache-2.0
#include "ops/map/map_end.hpp"

#include <doctest/doctest.h>

using namespace regctl::ops;

TEST_SUITE_BEGIN("ops/map/map_end");

TEST_CASE("the registry of an end") {
  CHECK(registry_of_end("docker://old:5000") == "old:5000");
  CHECK(registry_of_end("v1://old:5000/team/") == "old:5000");
  CHECK(registry_of_end("docker://old:5000/team/app:1.0") == "old:5000");
  CHECK(!registry_of_end("v1-storage:/srv/registry"));
}

TEST_SUITE_END();
