// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/json_candidates.hpp"

#include <doctest/doctest.h>

using regctl::registry::v1::JsonCandidate;
using regctl::registry::v1::JsonStyle;
using regctl::registry::v1::original_json_candidates;

namespace {

std::vector<std::string> texts(const std::vector<JsonCandidate>& candidates) {
  std::vector<std::string> result;
  for (const auto& candidate : candidates) {
    result.push_back(candidate.text);
  }
  return result;
}

} // namespace

TEST_SUITE_BEGIN("registry/v1/json_candidates");

TEST_CASE(
    "the candidates for a JSON that JSON.stringify printed include the original, likeliest first") {
  struct Row {
    const char* printed;
    std::vector<std::string> texts;
  };
  const Row rows[] = {
      {R"({"id":"a"})", {R"({"id":"a"})", R"({"id": "a"})", "{\"id\":\"a\"}\n"}},
      {R"({"docker_version":"<&>"})",
       {R"({"docker_version":"\u003c\u0026\u003e"})",
        "{\"docker_version\":\"\\u003c\\u0026\\u003e\"}\n", R"({"docker_version":"<&>"})",
        "{\"docker_version\":\"<&>\"}\n", R"({"docker_version": "<&>"})"}},
      {"not JSON", {"not JSON", "not JSON\n"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.printed);
    CHECK(texts(original_json_candidates(row.printed, std::nullopt)) == row.texts);
  }
}

TEST_CASE("each client's style of printing is known") {
  struct Row {
    const char* printed;
    JsonStyle style;
    const char* text;
  };
  const Row rows[] = {
      {"{\"a\":\"\xe2\x80\xa8\"}", JsonStyle::engine, R"({"a":"\u2028"})"},
      {R"({"a":"\\b\b"})", JsonStyle::engine, R"({"a":"\\b\u0008"})"},
      {R"({"a":"x, y: \" z","b":[1,2]})", JsonStyle::python, R"({"a": "x, y: \" z", "b": [1, 2]})"},
      {"{\"a\":\"\xc3\xa4\"}", JsonStyle::python, R"({"a": "\u00e4"})"},
      {"{\"a\":\"\xc3\xa4\"}", JsonStyle::python_utf8, "{\"a\": \"\xc3\xa4\"}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.printed);
    CHECK(original_json_candidates(row.printed, row.style).front().text == row.text);
  }
}

TEST_CASE("deeply nested JSON is not printed anew") {
  const auto deep = std::string(500'000, '[') + std::string(500'000, ']');
  for (const auto style : {JsonStyle::python, JsonStyle::python_utf8}) {
    CHECK(original_json_candidates(deep, style).front().text == deep);
  }
}

TEST_SUITE_END();
