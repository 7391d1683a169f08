// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/limited_map.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using regctl::LimitedMap;
using regctl::LimitedSet;

namespace {

template <class Value> std::vector<std::string> keys(const LimitedMap<Value>& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map.entries()) {
    keys.push_back(key);
  }
  return keys;
}

using Keys = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("base/limited_map");

TEST_CASE("beyond the limit the entry that was added first is forgotten") {
  LimitedMap<int> map(2);
  map.put("a", 1);
  map.put("b", 2);
  map.put("c", 3);
  CHECK(map.find("a") == nullptr);
  CHECK_FALSE(map.contains("a"));
  REQUIRE(map.find("b") != nullptr);
  CHECK(*map.find("b") == 2);
  CHECK(keys(map) == Keys{"b", "c"});
  CHECK(map.size() == 2);
}

TEST_CASE("what is replaced keeps its age, and what is renewed is young again") {
  LimitedMap<int> map(2);
  map.put("a", 1);
  map.put("b", 2);
  map.put("a", 3);
  CHECK(*map.find("a") == 3);
  CHECK(keys(map) == Keys{"a", "b"});
  map.renew("a");
  map.renew("unknown");
  map.put("c", 4);
  CHECK(keys(map) == Keys{"a", "c"});
}

TEST_CASE("an entry is made once") {
  LimitedMap<std::unique_ptr<int>> map(2);
  const auto [first, is_new] = map.try_emplace("a", std::make_unique<int>(1));
  CHECK(is_new);
  auto unused = std::make_unique<int>(2);
  const auto [again, is_new_again] = map.try_emplace("a", std::move(unused));
  CHECK_FALSE(is_new_again);
  CHECK(&first == &again);
  CHECK(*again == 1);
  CHECK(unused); // not moved from
}

TEST_CASE("what is erased makes room") {
  LimitedMap<int> map(2);
  map.put("a", 1);
  map.put("b", 2);
  map.erase("a");
  map.erase("unknown");
  map.put("c", 3);
  CHECK(keys(map) == Keys{"b", "c"});
  map.erase_oldest();
  CHECK(keys(map) == Keys{"c"});
}

TEST_CASE("a map that was moved is as it was") {
  LimitedMap<int> map(2);
  map.put("a", 1);
  map.put("b", 2);
  auto moved = std::move(map);
  CHECK(*moved.find("a") == 1);
  moved.put("c", 3);
  CHECK(keys(moved) == Keys{"b", "c"});
}

TEST_CASE("of one entry the last is remembered") {
  LimitedMap<int> map(1);
  map.put("a", 1);
  CHECK(map.try_emplace("b", 2).first == 2);
  CHECK(keys(map) == Keys{"b"});
}

TEST_CASE("a set of names likewise") {
  LimitedSet set(2);
  CHECK(set.insert("a"));
  CHECK_FALSE(set.insert("a"));
  CHECK(set.insert("b"));
  CHECK(set.insert("c"));
  CHECK_FALSE(set.contains("a"));
  CHECK(set.contains("c"));
}

TEST_SUITE_END();
