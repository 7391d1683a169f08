// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/state_file.hpp"

#include <doctest/doctest.h>

#include <string>

using regctl::ops::Endpoint;

TEST_SUITE_BEGIN("ops/mirror/state_file");

TEST_CASE("each pair of ends has its own file") {
  const auto name = [](const char* from, const char* to) {
    return regctl::ops::mirror::state_file("/s", Endpoint::parse(from), Endpoint::parse(to));
  };
  CHECK(name("old:5000", "new:5000/x/") == "/s/old_5000--new_5000.state");
  CHECK(name("old:5000/team/app:1", "new:5000") == "/s/old_5000--new_5000.state");
  CHECK(name("v1-storage:/srv/a", "new:5000") != name("v1-storage:/srv/b", "new:5000"));
  const auto deep = "v1-storage:/" + std::string(300, 'x');
  CHECK(name((deep + "1").c_str(), "new:5000") != name((deep + "2").c_str(), "new:5000"));
  CHECK(name(deep.c_str(), deep.c_str()).size() < 255);
}

TEST_SUITE_END();
