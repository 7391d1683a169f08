// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/tag_list.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;

namespace {

const std::string k_one(64, '1');
const std::string k_two(64, '2');

/// Reads a list; asked for a tag's whole ID, answers `whole` and writes down the tag.
V1Tags read(const std::string& text, const std::string& whole, std::vector<std::string>& asked) {
  return read_tag_list(text, "the list", [&](const std::string& tag) {
    asked.push_back(tag);
    return whole.empty() ? std::nullopt : std::optional(whole);
  });
}

} // namespace

TEST_SUITE_BEGIN("registry/v1/tag_list");

TEST_CASE("tags are an object, or a list as the Hub had it") {
  struct Row {
    std::string text;
    V1Tags tags;
    std::vector<std::string> asked;
  };
  const Row rows[] = {
      {"{}", {}, {}},
      {"[]", {}, {}},
      {R"({"1.0": ")" + k_one + R"(", "bad": null, "worse": 7})",
       {{"1.0", k_one}, {"bad", std::nullopt}, {"worse", std::nullopt}},
       {}},
      {R"([{"layer": "11111111", "name": "1.0"}])", {{"1.0", k_one}}, {"1.0"}},
      {R"({"1.0": "11111111"})", {{"1.0", k_one}}, {"1.0"}},
      {R"([{"name": "1.0", "layer": ")" + k_two + "\"}]", {{"1.0", k_two}}, {}},
      {R"([{"layer": "22222222", "name": "1.0"}])", {{"1.0", std::nullopt}}, {"1.0"}}, // another
      {R"([{"layer": null, "name": "a"}, {"name": "b"}, {"layer": "nonsense", "name": "c"}])",
       {{"a", std::nullopt}, {"b", std::nullopt}, {"c", std::nullopt}},
       {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    std::vector<std::string> asked;
    CHECK(read(row.text, k_one, asked) == row.tags);
    CHECK(asked == row.asked);
  }
}

TEST_CASE("a tag whose whole ID cannot be found out has no ID") {
  std::vector<std::string> asked;
  CHECK(read(R"([{"layer": "11111111", "name": "1.0"}])", "", asked) ==
        V1Tags{{"1.0", std::nullopt}});
}

TEST_CASE("anything but a list of tags is refused") {
  for (const char* text : {"7", "null", "\"x\"", "[7]", "[null]", R"([{"layer": "11111111"}])"}) {
    CAPTURE(text);
    std::vector<std::string> asked;
    CHECK_THROWS_AS(read(text, k_one, asked), Error);
  }
}

TEST_SUITE_END();
