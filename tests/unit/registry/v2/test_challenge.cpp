// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/challenge.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::registry::v2;

namespace {

std::optional<Demand> choose(const std::string& value) {
  return choose_challenge({{"WWW-Authenticate", value}});
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/challenge");

TEST_CASE("Bearer is chosen, with its scopes apart") {
  const auto demand = choose(R"(Basic realm="x", Bearer realm="https://auth/t",service="s",)"
                             R"(scope="repository:b:pull repository:a/b:pull,push")");
  REQUIRE(demand);
  CHECK(demand->kind == Demand::Kind::bearer);
  CHECK(demand->realm == "https://auth/t");
  CHECK(demand->service == "s");
  CHECK(demand->scopes == Scopes{"repository:a/b:pull,push", "repository:b:pull"});
}

TEST_CASE("parameters need no quotes") {
  const auto demand =
      choose("Bearer realm=https://auth/t,service=gcr.io , scope=registry:catalog:*");
  REQUIRE(demand);
  CHECK(demand->realm == "https://auth/t");
  CHECK(demand->service == "gcr.io");
  CHECK(demand->scopes == Scopes{"registry:catalog:*"});
}

TEST_CASE("what cannot be met is passed over, in one header or in many") {
  CHECK(choose("Negotiate, Basic realm=\"x\"")->kind == Demand::Kind::basic);
  CHECK(choose("Bearer service=\"no realm\", Basic realm=\"x\"")->kind == Demand::Kind::basic);
  CHECK(choose_challenge({{"WWW-Authenticate", "Negotiate"}, {"WWW-Authenticate", "Basic"}}));
  CHECK_FALSE(choose("Negotiate"));
  CHECK_FALSE(choose_challenge({}));
}

TEST_CASE("scopes are united in order, each once") {
  CHECK(unite({"b"}, {"a", "b"}) == Scopes{"a", "b"});
}

TEST_SUITE_END();
