// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/places/names.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::ops;

TEST_SUITE_BEGIN("ops/places/names");

TEST_CASE("library/ is left out of names") {
  CHECK(familiar_name("library/app") == "app");
  CHECK(familiar_name("app") == "app");
  CHECK(familiar_name("team/app") == "team/app");
  CHECK(familiar_name("library/team/app") == "library/team/app");
  CHECK(familiar_name("no name") == "no name");
}

TEST_CASE("a glob that no name can match is refused") {
  for (const char* text :
       {"team/", "host:5000/*", "team/app:1.0", "a b", "team//app", "app@1", "a,b"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_name_pattern(text), Error);
  }
  for (const char* text : {"team/**", "**", "{a,b}/[!x]?", "Team/_a.b-c", "[]:]x", "[!]:]x", "\\a",
                           "/a:?b/", "library/*"}) {
    CAPTURE(text);
    CHECK_NOTHROW(parse_name_pattern(text));
  }
  for (const char* text : {"team/app", ".hidden", "-x", "1:2", "1 0"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_tag_pattern(text), Error);
  }
  for (const char* text : {"*", "1.*", "*-rc[0-9]", "{1,2}.0", "_x", "/v\\d+:?/"}) {
    CAPTURE(text);
    CHECK_NOTHROW(parse_tag_pattern(text));
  }
}

TEST_CASE("names are found below their namespaces") {
  struct Row {
    const char* name_space;
    const char* name;
    bool is_below;
    const char* rest; ///< if it is
  };
  const Row rows[] = {
      {"", "app", true, "app"},
      {"", "team/app", true, "team/app"},
      {"team", "team/app", true, "app"},
      {"team", "team/app/x", true, "app/x"},
      {"team", "team", false, ""},
      {"team", "team/", false, ""},
      {"team", "teams/app", false, ""},
      {"library", "app", true, "app"},
      {"library", "team/app", false, ""},
      {"library", "library/team/app", true, "team/app"},
      {"library/team", "library/team/app", true, "app"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name_space);
    CAPTURE(row.name);
    CHECK(is_below(row.name_space, row.name) == row.is_below);
    if (row.is_below) {
      CHECK(without_namespace(row.name_space, row.name) == row.rest);
      CHECK(with_namespace(row.name_space, row.rest) == row.name);
    }
  }
}

TEST_CASE("a pattern below library/ is one of names without '/'") {
  struct Row {
    const char* pattern;
    const char* name;
    bool matches;
  };
  const Row rows[] = {
      {"library/app", "app", true},
      {"library/app", "team/app", false},
      {"library/*", "app", true},
      {"library/*", "team/app", false},
      {"library/**", "app", true},
      {"library/**", "team/app", false},
      {"library/{a,b}*", "bee", true},
      {"library/team/*", "library/team/app", true},
      {"library/team/*", "team/app", false},
      {"/library.app/", "app", false}, // a regular expression is what it says
      {"team/*", "team/app", true},
      {"library", "library", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.name);
    CHECK(parse_name_pattern(row.pattern).matches(row.name) == row.matches);
  }
}

TEST_SUITE_END();
