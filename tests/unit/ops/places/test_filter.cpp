// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/ops/places/filter.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using regctl::Error;
using regctl::Pattern;
using namespace regctl::ops;

TEST_SUITE_BEGIN("ops/places/filter");

namespace {

std::vector<Pattern> patterns(const std::vector<const char*>& texts) {
  std::vector<Pattern> result;
  for (const char* text : texts) {
    result.push_back(Pattern::parse(text));
  }
  return result;
}

} // namespace

TEST_CASE("a filter takes what is included and not excluded") {
  struct Row {
    std::vector<const char*> include;
    std::vector<const char*> exclude;
    const char* name;
    bool is_taken;
  };
  const Row rows[] = {
      {{}, {}, "app", true},
      {{"a*", "b*"}, {}, "bar", true},
      {{"a*", "b*"}, {}, "car", false},
      {{}, {"c*"}, "car", false},
      {{}, {"c*"}, "bar", true},
      {{"team/**"}, {"**/test", "x"}, "team/a/test", false},
      {{"team/**"}, {"**/test", "x"}, "team/a", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(Filter{patterns(row.include), patterns(row.exclude)}.takes(row.name) == row.is_taken);
  }
}

TEST_CASE("an exclusion with a tag applies only to its repositories") {
  Filter repositories;
  TagFilter tags;
  for (const char* text : {"team/old", "team/app:1.0", "x/*:*-rc", "/[yz]/:2"}) {
    CHECK(Exclusion::parse(text).to_string() == text);
    add_exclusion(Exclusion::parse(text), repositories, tags);
  }
  CHECK(repositories.exclude.size() == 1);
  CHECK_FALSE(repositories.takes("team/old"));
  CHECK(repositories.takes("team/app"));
  CHECK_FALSE(tags.takes("team/app", "1.0"));
  CHECK(tags.takes("team/app", "1.1"));
  CHECK(tags.takes("team/other", "1.0"));
  CHECK_FALSE(tags.takes("x/a", "1-rc"));
  CHECK_FALSE(tags.takes("y", "2"));
  CHECK(tags.takes("w", "2"));
  for (const char* text : {"team/app:", ":1.0", "host:5000/team/app:1.0", "team/app:1/0"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Exclusion::parse(text), Error);
  }
}

TEST_CASE("patterns that no name matched are listed") {
  Filter repositories{patterns({"a*", "ab", "no"}), patterns({"x", "gone"})};
  TagFilter tags;
  tags.include = patterns({"1*", "2"});
  add_exclusion(Exclusion::parse("ab:1"), repositories, tags);
  add_exclusion(Exclusion::parse("ab:9"), repositories, tags);
  for (const char* name : {"ab", "x"}) {
    static_cast<void>(repositories.takes(name));
  }
  static_cast<void>(tags.takes("ab", "1"));
  using Texts = std::vector<std::string>;
  CHECK(unmatched_patterns(repositories, tags, ComparedNames::repositories) ==
        Texts{"--include 'no'", "--exclude 'gone'"});
  CHECK(unmatched_patterns(repositories, tags, ComparedNames::repositories_and_tags) ==
        Texts{"--include 'no'", "--exclude 'gone'", "--include-tag '2'", "--exclude 'ab:9'"});
}

TEST_SUITE_END();
