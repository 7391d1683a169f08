// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/semver.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using regctl::Error;
using regctl::parse_semver;
using regctl::Semver;
using regctl::SemverRange;

TEST_SUITE_BEGIN("model/semver");

TEST_CASE("versions are read as people write tags") {
  struct Row {
    const char* tag;
    const char* version; ///< nullptr: none
  };
  const Row rows[] = {
      {"1.2.3", "1.2.3"},
      {"v1.2.3", "1.2.3"},
      {"1.2", "1.2.0"},
      {"1", "1.0.0"},
      {"20.04", "20.4.0"},
      {"1.2.3-rc.1", "1.2.3-rc.1"},
      {"1.2-alpine", "1.2.0-alpine"},
      {"1.2.3-a-b", "1.2.3-a-b"},
      {"1.2.3+5", "1.2.3"},
      {"1.2.3-rc+5.a", "1.2.3-rc"},
      {"1.2.3+a-b", "1.2.3"},
      {"999999999999999999.0.0", "999999999999999999.0.0"},
      {"latest", nullptr},
      {"", nullptr},
      {"v", nullptr},
      {"V1", nullptr},
      {"1.", nullptr},
      {".1", nullptr},
      {"1.2.3.4", nullptr},
      {"1.x", nullptr},
      {"1.2.3-", nullptr},
      {"1.2.3-a..b", nullptr},
      {"1.2.3-a_b", nullptr},
      {"1.2.3+", nullptr},
      {"-1", nullptr},
      {"1000000000000000000", nullptr},
      {"99999999999999999999", nullptr},
      {"deadbeef", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tag);
    const auto version = parse_semver(row.tag);
    CHECK(version.has_value() == (row.version != nullptr));
    if (version && row.version != nullptr) {
      CHECK(version->to_string() == row.version);
      CHECK(parse_semver(version->to_string()) == version);
    }
  }
}

TEST_CASE("versions are ordered by the specification's precedence") {
  const std::vector<std::string> ascending = {
      "0.9.9",
      "1.0.0-0",
      "1.0.0-2",
      "1.0.0-10",
      "1.0.0-99999999999999999999999",
      "1.0.0-A",
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.0.1",
      "1.2.0",
      "1.10.0",
      "2.0.0",
  };
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      CAPTURE(ascending[i]);
      CAPTURE(ascending[j]);
      CHECK((*parse_semver(ascending[i]) <=> *parse_semver(ascending[j])) == (i <=> j));
    }
  }
  CHECK(parse_semver("1.2") == parse_semver("v1.2.0+7"));
  CHECK(parse_semver("1.0.0-01") == parse_semver("1.0.0-1"));
}

TEST_CASE("a range contains the versions that npm and Masterminds accept") {
  struct Row {
    const char* range;
    std::vector<const char*> inside;
    std::vector<const char*> outside;
  };
  const Row rows[] = {
      {"1.2.3", {"1.2.3", "v1.2.3"}, {"1.2.4", "1.2.2", "1.2.3-rc"}},
      {"=1.2.3", {"1.2.3"}, {"1.2.4"}},
      {"!=1.2.3", {"1.2.4", "0.1"}, {"1.2.3"}},
      {"!=1.2", {"1.3", "1.1"}, {"1.2.0", "1.2.9"}},
      {">1.2.3", {"1.2.4", "2.0"}, {"1.2.3", "1.2.2"}},
      {">1.2", {"1.3.0"}, {"1.2.0", "1.2.9"}},
      {">=1.2", {"1.2.0", "9"}, {"1.1.9", "1.3.0-rc.1"}},
      {"<2", {"1.9.9", "0"}, {"2.0.0", "2.0.0-rc.1", "1.9.9-rc"}},
      {"<=2", {"2.0.0", "2.9.9"}, {"3.0.0", "3.0.0-0"}},
      {"<=1.2.3", {"1.2.3"}, {"1.2.4"}},
      {"=>1.0 =<1.5", {"1.0", "1.5.7"}, {"1.6", "0.9"}},
      {"1.2", {"1.2.0", "1.2.9"}, {"1.3.0", "1.1.9"}},
      {"1.x", {"1.0", "1.9.9"}, {"2.0", "0.9"}},
      {"1.2.*", {"1.2.5"}, {"1.3.0"}},
      {"1.X.x", {"1.2.5"}, {"2.3.0"}},
      {"*", {"0", "99.1"}, {"1.0.0-rc"}},
      {">*", {}, {"0", "99.1"}},
      {"<*", {}, {"0", "99.1"}},
      {">=*", {"0", "99.1"}, {}},
      {"~1.2.3", {"1.2.3", "1.2.9"}, {"1.3.0", "1.2.2"}},
      {"~>1.2", {"1.2.0", "1.2.9"}, {"1.3.0"}},
      {"~1", {"1.0", "1.9"}, {"2.0"}},
      {"^1.2.3", {"1.2.3", "1.9.0"}, {"2.0.0", "1.2.2", "2.0.0-0"}},
      {"^1.2", {"1.2.0", "1.9.0"}, {"2.0.0", "1.1"}},
      {"^0.2.3", {"0.2.3", "0.2.9"}, {"0.3.0"}},
      {"^0.0.3", {"0.0.3"}, {"0.0.4"}},
      {"^0.0", {"0.0.9"}, {"0.1.0"}},
      {"^0", {"0.9.9"}, {"1.0.0"}},
      {"^*", {"0", "7"}, {}},
      {"1.2 - 1.4", {"1.2.0", "1.4.9"}, {"1.5.0", "1.1.9"}},
      {"1.2.3 - 1.4.5", {"1.2.3", "1.4.5"}, {"1.4.6"}},
      {">=1.0 <2", {"1.0", "1.9"}, {"2.0", "0.9"}},
      {">= 1.0, < 2", {"1.0", "1.9"}, {"2.0", "0.9"}},
      {">=1.0 <2 !=1.5.0", {"1.4", "1.5.1"}, {"1.5"}},
      {"1.x || 3.x", {"1.5", "3.0"}, {"2.0"}},
      {"1.2.3||>=7", {"1.2.3", "7.1"}, {"1.2.4"}},
      {">=1.2-0", {"1.2.0-rc", "1.2", "2.0.0-alpha"}, {"1.1"}},
      {">=1.2.0-0 <2", {"1.9.9-rc"}, {"2.0.0-rc", "2.0.0"}},
      {"^1.2.0-0", {"1.2.0-rc", "1.5.0-a"}, {"2.0.0-rc"}},
      {"1.x-0", {"1.0.0-rc", "1.5.0-a", "1.5"}, {"2.0.0-rc"}},
      {"*-0", {"0.0.0-a", "5.0.0-a", "5"}, {}},
      {"=1.2.3-rc.1", {"1.2.3-rc.1"}, {"1.2.3-rc.1.1", "1.2.3", "1.2.3-rc.0"}},
      {">1.2.3-rc.1", {"1.2.3-rc.2", "1.2.3-rc.1.1", "1.2.3"}, {"1.2.3-rc.1"}},
      {"<=1.2.3-rc.1", {"1.2.3-rc.1", "1.2.2"}, {"1.2.3-rc.2", "1.2.3"}},
      {"1.0.0-a - 1.0.0-c", {"1.0.0-b", "1.0.0-c"}, {"1.0.0", "1.0.0-d"}},
      {"1.0 - 1.2.0-0", {"1.1.0-rc"}, {"1.2.0-rc"}},
      {"1.x-0 || >=3", {"1.5.0-a", "3.0"}, {"3.1.0-a"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.range);
    const auto range = SemverRange::parse(row.range);
    CHECK(range.to_string() == row.range);
    for (const char* version : row.inside) {
      CAPTURE(version);
      CHECK(range.contains(*parse_semver(version)));
    }
    for (const char* version : row.outside) {
      CAPTURE(version);
      CHECK_FALSE(range.contains(*parse_semver(version)));
    }
  }
}

TEST_CASE("a malformed range is named with its wrong condition") {
  struct Row {
    const char* range;
    const char* why;
  };
  const Row rows[] = {
      {"", "alternative is empty"},       {"1.x ||", "alternative is empty"},
      {"latest", "'latest' is not"},      {">=", "a version is missing"},
      {"1.2.3.4", "'1.2.3.4' is not"},    {"<>1", "'<>' is not an operator"},
      {"1.x.3", "'1.x.3' is not"},        {">=1.0 && <2", "'&&' is not a version"},
      {"1.2 -", "'-' is not a version"},  {"1 - 2 - 3", "'-' is not a version"},
      {"^=1", "'^=' is not an operator"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.range);
    try {
      SemverRange::parse(row.range);
      FAIL_CHECK("was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == regctl::ErrorKind::usage);
      CHECK(error.message().find(row.why) != std::string::npos);
      CHECK(error.message().find("'" + std::string(row.range) + "'") != std::string::npos);
    }
  }
}

TEST_SUITE_END();
