// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/turns.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using regctl::ops::mirror::Turns;

TEST_SUITE_BEGIN("ops/mirror/turns");

TEST_CASE("results come in the order of the turns, however late") {
  constexpr int k_count = 50;
  Turns turns;
  std::vector<std::unique_ptr<Turns::Turn>> taken;
  for (int i = 0; i < k_count; ++i) {
    taken.push_back(std::make_unique<Turns::Turn>(turns));
  }
  std::vector<int> told; // by whose turn it is alone
  {
    std::vector<std::jthread> threads;
    for (int i = k_count - 1; i >= 0; --i) { // the last one is there first
      threads.emplace_back([&, i] {
        taken[static_cast<std::size_t>(i)]->wait();
        told.push_back(i);
        taken[static_cast<std::size_t>(i)]->end();
      });
    }
  }
  REQUIRE(told.size() == k_count);
  for (int i = 0; i < k_count; ++i) {
    CHECK(told[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("a turn that is given up lets the next one proceed") {
  Turns turns;
  std::optional<Turns::Turn> first(std::in_place, turns);
  Turns::Turn second(turns);
  std::atomic<bool> went{false};
  std::jthread waiter([&] {
    second.wait();
    went = true;
  });
  CHECK(!went);
  first.reset();
  waiter.join();
  CHECK(went);
}

TEST_SUITE_END();
