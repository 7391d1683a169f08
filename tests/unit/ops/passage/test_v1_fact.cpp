// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/passage.hpp"
#include "ops/passage/v1_fact.hpp"

#include <doctest/doctest.h>

#include <string>

using regctl::ops::is_fact;
using regctl::ops::V1Fact;

namespace {

const std::string k_id(64, 'a');

} // namespace

TEST_SUITE_BEGIN("ops/passage/v1_fact");

TEST_CASE("a fact is read as it was written") {
  const V1Fact facts[] = {{1'400'000'000, 123, k_id},
                          {std::nullopt, std::nullopt, std::nullopt},
                          {-1, 0, std::nullopt}};
  for (const auto& fact : facts) {
    CAPTURE(fact.to_string());
    CHECK(V1Fact::parse(fact.to_string()) == fact);
  }
  CHECK(facts[0].to_string() == "1400000000 123 " + k_id);
  CHECK(facts[1].to_string() == "- - -");
}

TEST_CASE("a malformed fact is refused") {
  for (const auto* text : {"", "1 2", "x 2 -", "1 2 parent", "1 -2 -", "1 2 - more", "1  2 -"}) {
    CAPTURE(text);
    CHECK(!V1Fact::parse(text));
    CHECK(!is_fact(k_id, text));
  }
  CHECK(is_fact(k_id, "1 2 -"));
  CHECK(!is_fact("short", "1 2 -"));
  CHECK(!is_fact(k_id, "sha256:" + k_id));
  CHECK(!is_fact("sha256:" + k_id, k_id));
}

TEST_SUITE_END();
