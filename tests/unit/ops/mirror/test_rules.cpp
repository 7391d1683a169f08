// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/ops/mirror/rules.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using regctl::Error;
using regctl::ErrorKind;
using regctl::Pattern;
using namespace regctl::ops;
using namespace regctl::ops::mirror;

TEST_SUITE_BEGIN("ops/mirror/rules");

TEST_CASE("the destination's name is renamed once, then prefixed") {
  Rules rules;
  CHECK(rules.destination_name("team/app") == "team/app");
  rules.renames = {Rename::make("old/*", "new/$1"), Rename::make("/new/(.+)/", "never/$1"),
                   Rename::make("/([^/]+)/([^/]+)/", "$2-of-$1")};
  struct Row {
    const char* source;
    const char* destination;
  };
  const Row rows[] = {
      {"old/app", "new/app"},
      {"new/app", "never/app"},
      {"a/b", "b-of-a"},
      {"a/b/c", "a/b/c"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.source);
    CHECK(rules.destination_name(row.source) == row.destination);
  }
  rules.prefix = "mirror/";
  CHECK(rules.destination_name("old/app") == "mirror/new/app");
  CHECK(rules.destination_name("x") == "mirror/x");
}

TEST_CASE("a renamed repository must have a valid name") {
  Rules rules;
  rules.renames = {Rename::parse("bad=a$$b"), Rename::parse("/(x*)y/=$1")};
  for (const char* name : {"bad", "y"}) {
    CAPTURE(name);
    try {
      FAIL_CHECK(rules.destination_name(name));
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(std::string(error.what()).find("naming " + std::string(name)) != std::string::npos);
    }
  }
}

TEST_CASE("a rename may use only captures that its pattern has") {
  CHECK(Rename::parse("/a=(.)/=b/$1").from == Pattern::parse("/a=(.)/"));
  CHECK(Rename::parse("/a=(.)/=b/$1").to == "b/$1");
  for (const char* text :
       {"a", "*=$2", "a=$1", "*=$", "*=$0", "*=$x", "=b", "[=b", "a=", "a=b:1", "a=B C"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Rename::parse(text), Error);
  }
}

TEST_SUITE_END();
