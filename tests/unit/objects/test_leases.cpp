// SPDX-License-Identifier: Apache-2.0
#include "objects/leases.hpp"
#include "support/failure.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <thread>

using namespace regctl;
using namespace regctl::objects;
using namespace regctl::test;
using namespace std::chrono_literals;

TEST_SUITE("objects/leases") {
  TEST_CASE("an exclusive lease keeps out all others of its name") {
    Leases leases;
    auto first = leases.take("a", Sharing::exclusive, 0ms);
    REQUIRE(first);
    CHECK_FALSE(leases.take("a", Sharing::exclusive, 0ms));
    CHECK_FALSE(leases.take("a", Sharing::shared, 0ms));
    CHECK(leases.take("b", Sharing::exclusive, 0ms));
    std::thread ends([&] { first.reset(); });
    CHECK(leases.take("a", Sharing::exclusive, std::nullopt));
    ends.join();
  }

  TEST_CASE("shared leases keep out only exclusive ones") {
    Leases leases;
    auto first = leases.take("a", Sharing::shared, 0ms);
    const auto second = leases.take("a", Sharing::shared, 0ms);
    CHECK(second);
    first.reset();
    CHECK_FALSE(leases.take("a", Sharing::exclusive, 0ms));
  }

  TEST_CASE("an interruption ends the wait") {
    Leases leases;
    const auto first = leases.take("a", Sharing::exclusive, 0ms);
    interrupt();
    CHECK(failure([&] { leases.take("a", Sharing::shared, std::nullopt); }) ==
          ErrorKind::interrupted);
    reset_interrupt();
  }
}
