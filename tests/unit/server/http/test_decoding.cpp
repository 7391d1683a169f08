// SPDX-License-Identifier: Apache-2.0
#include "server/http/decoding.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace regctl::server;

TEST_SUITE_BEGIN("server/http/decoding");

TEST_CASE("paths are decoded once") {
  struct Row {
    std::string target;
    std::optional<std::string> path;
  };
  const Row rows[] = {
      {"/v1/search?q=a/b", "/v1/search"},
      {"/v1/repositories/a/b%2Fc/tags", "/v1/repositories/a/b/c/tags"},
      {"/a%252Fb", "/a%2Fb"},
      {"/a+b", "/a+b"},
      {"/%41%6a%C3%B6", "/Aj\xC3\xB6"},
      {"/?a?b", "/"},
      {"/%", std::nullopt},
      {"/%4", std::nullopt},
      {"/%zz", std::nullopt},
      {"/%4?1", std::nullopt},
      {"/a%00b", std::nullopt},
      {"", std::nullopt},
      {"v1/_ping", std::nullopt},
      {"*", std::nullopt},
      {"http://host/v1/_ping", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.target);
    CHECK(decode_path(row.target) == row.path);
  }
  CHECK(decode_query("a+b%2B") == "a b+");
  CHECK(decode_query("") == "");
  CHECK(decode_query("%g0") == std::nullopt);
}

TEST_SUITE_END();
