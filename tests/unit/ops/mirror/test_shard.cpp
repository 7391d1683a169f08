// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/ops/mirror/rules.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using regctl::Error;
using regctl::ops::mirror::Shard;

TEST_SUITE_BEGIN("ops/mirror/shard");

namespace {

constexpr std::size_t k_names = 4000;

std::string name(std::size_t i) {
  return "team" + std::to_string(i % 7) + "/app" + std::to_string(i);
}

/// The one share of `count` that takes the name; 0 if it is none or several.
std::size_t share_of(const std::string& repository, std::size_t count) {
  std::size_t found = 0;
  for (std::size_t i = 1; i <= count; ++i) {
    if (Shard{i, count}.takes(repository)) {
      if (found != 0) {
        return 0;
      }
      found = i;
    }
  }
  return found;
}

} // namespace

TEST_CASE("every name is in exactly one share, and shares are alike in size") {
  for (const std::size_t count : {1U, 2U, 3U, 8U}) {
    CAPTURE(count);
    std::vector<std::size_t> sizes(count + 1);
    for (std::size_t i = 0; i < k_names; ++i) {
      ++sizes[share_of(name(i), count)];
    }
    CHECK(sizes[0] == 0);
    for (std::size_t i = 1; i <= count; ++i) {
      CHECK(sizes[i] > k_names / count * 8 / 10);
      CHECK(sizes[i] < k_names / count * 12 / 10);
    }
  }
}

TEST_CASE("one more share takes names from the others and moves no others") {
  for (const std::size_t count : {1U, 2U, 7U}) {
    CAPTURE(count);
    std::size_t moved = 0;
    for (std::size_t i = 0; i < k_names; ++i) {
      const auto before = share_of(name(i), count);
      const auto after = share_of(name(i), count + 1);
      moved += before == after ? 0 : 1;
      CHECK((after == before || after == count + 1));
    }
    CHECK(moved > k_names / (count + 1) * 8 / 10);
    CHECK(moved < k_names / (count + 1) * 12 / 10);
  }
}

TEST_CASE("the shares of a name never change") {
  // Shares of one mirror may be run by different versions of the program.
  CHECK(share_of("app", 8) == 3);
  CHECK(share_of("team/app", 8) == 6);
  CHECK(share_of("library/debian", 100) == 63);
}

TEST_CASE("a share is written I/N") {
  CHECK(Shard::parse("2/8").index == 2);
  CHECK(Shard::parse("2/8").count == 8);
  CHECK(Shard::parse("10000/10000").count == 10'000);
  for (const char* text : {"", "2", "/", "0/8", "9/8", "1/0", "-1/8", "1/8x", "1/10001", "a/b",
                           " 1/8", "1/99999999999999999999"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Shard::parse(text), Error);
  }
}

TEST_SUITE_END();
