// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/environment.hpp>

#include <doctest/doctest.h>

using namespace regctl;

TEST_SUITE_BEGIN("base/environment");

TEST_CASE("an empty variable can count as one that is not set") {
  const Environment all = [](const std::string& name) -> std::optional<std::string> {
    return name == "SET"     ? std::optional<std::string>("1")
           : name == "EMPTY" ? std::optional<std::string>("")
                             : std::nullopt;
  };
  const auto some = without_empty(all);
  CHECK(some("SET") == "1");
  CHECK(some("EMPTY") == std::nullopt);
  CHECK(some("UNSET") == std::nullopt);
}

TEST_SUITE_END();
