// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/pattern.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using regctl::any_matches;
using regctl::Error;
using regctl::ErrorKind;
using regctl::Pattern;

TEST_SUITE_BEGIN("base/pattern");

TEST_CASE("a pattern matches whole names") {
  struct Row {
    const char* pattern;
    std::vector<const char*> matched;
    std::vector<const char*> others;
  };
  const Row rows[] = {
      {"app", {"app"}, {"App", "app2", "my-app", "team/app"}},
      {"*", {"app", "a.b"}, {"team/app"}},
      {"**", {"app", "team/app", "a/b/c"}, {}},
      {"team/*", {"team/app"}, {"team", "team/a/b", "other/app", "myteam/app"}},
      {"team/**", {"team/app", "team/a/b"}, {"team", "other/app"}},
      {"**/app", {"app", "team/app", "a/b/app"}, {"myapp", "team/myapp"}},
      {"a/**/b", {"a/b", "a/x/b", "a/x/y/b"}, {"a/xb", "ab"}},
      {"a**b", {"ab", "a/b", "axxb"}, {"abc"}},
      {"v?.?", {"v1.2"}, {"v1.22", "v1/2", "v1x"}},
      {"[a-c]1", {"a1", "c1"}, {"d1", "A1"}},
      {"[!a-c]1", {"d1"}, {"a1", "/1"}},
      {"[^a]1", {"b1"}, {"a1"}},
      {"[]x]1", {"x1"}, {"y1"}},
      {"[a-]", {"a", "-"}, {"b"}},
      {"{app,web}-*", {"app-1", "web-2"}, {"db-1", "app"}},
      {"{a,b{1,2}}", {"a", "b1", "b2"}, {"b", "b3"}},
      {"1.*", {"1.0", "1."}, {"1x0"}},
      {"a+b(c)|d$", {"a+b(c)|d$"}, {"aab"}},
      {"\\*", {"*"}, {"a"}},
      {"/v[0-9]+/", {"v1", "v12"}, {"v", "xv1", "v1x"}},
      {"/a|b/", {"a", "b"}, {"ab", "ax", "xb"}},
      {"/team/.*/", {"team/a/b"}, {"team"}},
      {"/(?i)App/", {"app", "APP"}, {"apps"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    const auto pattern = Pattern::parse(row.pattern);
    CHECK(pattern.to_string() == row.pattern);
    for (const char* name : row.matched) {
      CAPTURE(name);
      CHECK(pattern.matches(name));
      CHECK(pattern.captures(name));
    }
    for (const char* name : row.others) {
      CAPTURE(name);
      CHECK_FALSE(pattern.matches(name));
      CHECK_FALSE(pattern.captures(name));
    }
  }
}

TEST_CASE("groups and wildcards capture the text that they matched") {
  struct Row {
    const char* pattern;
    const char* name;
    std::vector<std::string> caught;
  };
  const Row rows[] = {
      {"app", "app", {"app"}},
      {"*/{a,b}-?", "team/b-1", {"team/b-1", "team", "b", "1"}},
      {"**/app", "a/b/app", {"a/b/app", "a/b/"}},
      {"**/app", "app", {"app", ""}},
      {"/([a-z]+)/(.*)/", "team/a/b", {"team/a/b", "team", "a/b"}},
      {"/(?:x(1))?(y)/", "y", {"y", "", "y"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    const auto pattern = Pattern::parse(row.pattern);
    const auto caught = pattern.captures(row.name);
    REQUIRE(caught);
    CHECK(*caught == row.caught);
    CHECK(pattern.capture_count() + 1 == row.caught.size());
  }
}

TEST_CASE("a malformed pattern is named with its fault") {
  struct Row {
    std::string pattern;
    const char* why;
  };
  const Row rows[] = {
      {"", "empty"},
      {"[a", "'[' is not closed"},
      {"[]", "'[' is not closed"},
      {"[a/b]", "has a '/'"},
      {"[z-a]", "z-a"},
      {"{a,b", "'{' is not closed"},
      {"a\\", "nothing follows"},
      {"/a", "no name begins"},
      {"//", "no name begins"},
      {"/(/", "missing )"},
      {"/(?=a)/", "(?="},
      {"/(a{1000}){1000}/", "invalid repetition"},
      {std::string(1025, 'a'), "more than 1024"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    try {
      Pattern::parse(row.pattern);
      FAIL_CHECK("was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(row.why) != std::string::npos);
      CHECK(error.message().find(row.pattern.substr(0, 40)) != std::string::npos);
    }
  }
}

TEST_CASE("a pattern that makes others backtrack is matched in linear time") {
  const std::string name = std::string(255, 'a') + "!";
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(Pattern::parse("/(a+)+b/").matches(name));
  CHECK_FALSE(Pattern::parse("/(a|aa)*b/").captures(name));
  CHECK_FALSE(Pattern::parse("*a*a*a*a*a*a*a*a*a*a*a*ab").matches(name));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("all patterns are asked whether any matches") {
  const std::vector<Pattern> patterns = {Pattern::parse("a*"), Pattern::parse("*b"),
                                         Pattern::parse("c")};
  CHECK(any_matches(patterns, "ab"));
  CHECK_FALSE(any_matches(patterns, "d"));
  CHECK_FALSE(any_matches({}, "ab"));
  CHECK(patterns[0].has_matched());
  CHECK(patterns[1].has_matched());
  CHECK_FALSE(patterns[2].has_matched());
}

TEST_CASE("patterns are equal if they are written alike") {
  CHECK(Pattern::parse("a*") == Pattern::parse("a*"));
  CHECK_FALSE(Pattern::parse("a*") == Pattern::parse("/a[^/]*/"));
}

TEST_CASE("a pattern knows whether it ever matched, as its copies do") {
  const auto pattern = Pattern::parse("a*");
  const auto copy = pattern;
  CHECK_FALSE(pattern.matches("b"));
  CHECK_FALSE(copy.has_matched());
  CHECK(pattern.matches("ab"));
  CHECK_FALSE(pattern.matches("b"));
  CHECK(copy.has_matched());
  CHECK_FALSE(Pattern::parse("a*").has_matched());
  const auto caught = Pattern::parse("(a)");
  static_cast<void>(caught.captures("(a)"));
  CHECK(caught.has_matched());
}

TEST_SUITE_END();
