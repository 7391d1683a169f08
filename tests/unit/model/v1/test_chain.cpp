// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/v1/chain.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using regctl::k_max_chain;
using regctl::walk_parents;

TEST_SUITE_BEGIN("model/v1/chain");

TEST_CASE("a walk ends at the base, or where it is stopped") {
  const std::map<std::string, std::string> parents = {{"c", "b"}, {"b", "a"}};
  std::vector<std::string> seen;
  const auto visit = [&](const std::string& id) -> std::optional<std::string> {
    seen.push_back(id);
    const auto found = parents.find(id);
    return found == parents.end() ? std::nullopt : std::optional(found->second);
  };
  CHECK(walk_parents("c", visit));
  CHECK(seen == std::vector<std::string>{"c", "b", "a"});
  CHECK(walk_parents("c", [](const auto&) { return std::nullopt; }));
}

TEST_CASE("a chain may be so long, and no longer") {
  struct Row {
    std::size_t length;
    bool has_end;
  };
  for (const auto& row : {Row{k_max_chain, true}, Row{k_max_chain + 1, false}}) {
    std::size_t visited = 0;
    const auto has_end = walk_parents("0", [&](const std::string&) {
      ++visited;
      return visited == row.length ? std::nullopt : std::optional(std::to_string(visited));
    });
    CHECK(has_end == row.has_end);
    CHECK(visited == k_max_chain);
  }
}

TEST_SUITE_END();
