// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/json_candidates.hpp"

#include <doctest/doctest.h>

using regctl::registry::v1::original_json_candidates;

TEST_SUITE_BEGIN("registry/json_candidates");

TEST_CASE("what JSON.stringify printed leads back to what Go and Python had written") {
  struct Row {
    const char* printed;
    std::vector<std::string> candidates;
  };
  const Row rows[] = {
      {R"({"id":"a"})", {R"({"id": "a"})"}},
      {R"({"a":"A <a@x> & co"})",
       {R"({"a":"A \u003ca@x\u003e \u0026 co"})", R"({"a": "A <a@x> & co"})"}},
      {"{\"a\":\"\xe2\x80\xa8\"}", {R"({"a":"\u2028"})", R"({"a": "\u2028"})"}},
      {R"({"a":"\\b\b"})", {R"({"a":"\\b\u0008"})", R"({"a": "\\b\b"})"}},
      {R"({"a":"x, y: \" z","b":[1,2]})", {R"({"a": "x, y: \" z", "b": [1, 2]})"}},
      {"{\"a\":\"\xc3\xa4\"}", {R"({"a": "\u00e4"})"}},
      {"not JSON", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.printed);
    CHECK(original_json_candidates(row.printed) == row.candidates);
  }
}

TEST_SUITE_END();
