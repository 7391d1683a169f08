// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/ini.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using objects::find_nested;
using objects::IniProperties;
using objects::parse_ini;

namespace {

/// The properties of the only section.
IniProperties properties(const std::string& text) {
  const auto sections = parse_ini("[profile foo]\n" + text, "'config'");
  REQUIRE(sections.size() == 1);
  return sections.front().properties;
}

std::string problem_with(const std::string& text) {
  try {
    parse_ini(text, "'config'");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return error.message();
  }
  return "";
}

} // namespace

TEST_SUITE_BEGIN("objects/credentials/ini");

TEST_CASE("sections are read in their order, whatever stands around them") {
  struct Row {
    const char* line;
    const char* name;
  };
  const Row rows[] = {
      {"[profile foo]", "profile foo"},
      {"[ \tprofile  foo \t]", "profile  foo"},
      {"[default]\r", "default"},
      {"[foo] # comment", "foo"},
      {"[foo]; comment", "foo"},
      {"[some-thing:long/the_one%only.foo@bar+]", "some-thing:long/the_one%only.foo@bar+"},
      {"\xef\xbb\xbf[foo]", "foo"}, // as some editors begin a file
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const auto sections = parse_ini(row.line, "'config'");
    REQUIRE(sections.size() == 1);
    CHECK(sections.front().name == row.name);
  }
  const auto sections = parse_ini("# first\n[a]\nx = 1\n\n[b]\n[a]\nx = 2", "'config'");
  REQUIRE(sections.size() == 3);
  CHECK(sections[0].properties == IniProperties{{"x", "1"}});
  CHECK(sections[1].properties.empty());
  CHECK(sections[2].properties == IniProperties{{"x", "2"}});
  CHECK(parse_ini("", "'config'").empty());
}

TEST_CASE("properties are trimmed, and comments taken off") {
  CHECK(properties("name = value") == IniProperties{{"name", "value"}});
  CHECK(properties("name \t=  \tvalue \t\r") == IniProperties{{"name", "value"}});
  CHECK(properties("name = val=ue") == IniProperties{{"name", "val=ue"}});
  CHECK(properties("name =") == IniProperties{{"name", ""}});
  CHECK(properties("Name = 1\nNAME = 2") == IniProperties{{"name", "2"}});
  CHECK(properties("name = value # comment with ; sign") == IniProperties{{"name", "value"}});
  CHECK(properties("name = value\t; comment") == IniProperties{{"name", "value"}});
  CHECK(properties("name = value;no comment#") == IniProperties{{"name", "value;no comment#"}});
  CHECK(properties("# name = value\n; name = value\n  # and here").empty());
  CHECK(properties("in valid = value\nname = 1") == IniProperties{{"name", "1"}});
}

TEST_CASE("a value goes on in indented lines") {
  CHECK(properties("name = value\n -continued # \n\t-again \t\n\nx = 1") ==
        IniProperties{{"name", "value\n-continued #\n-again"}, {"x", "1"}});
  CHECK(properties("in valid = value\n -continued").empty());
}

TEST_CASE("nested properties are found in the value that is made of them") {
  const auto s3 =
      properties("s3 =\n  addressing_style = path # comment\n\n  Max = 1\n  x =").at("s3");
  CHECK(find_nested(s3, "addressing_style") == "path");
  CHECK(find_nested(s3, "max") == "1");
  CHECK(find_nested(s3, "x") == std::nullopt);
  CHECK(find_nested(s3, "other") == std::nullopt);
  CHECK(find_nested("addressing_style = path", "addressing_style") == std::nullopt);
  CHECK(find_nested("", "addressing_style") == std::nullopt);
}

TEST_CASE("a malformed line is named by its number, without its text") {
  struct Row {
    const char* text;
    const char* problem;
  };
  const Row rows[] = {
      {"[profile foo", "'config', line 1 begins a section, but does not end it with ']'"},
      {"[profile foo] secret", "'config', line 1 begins a section, but does not end it with ']'"},
      {"\nname = secret", "'config', line 2 stands before the first section"},
      {" secret", "'config', line 1 is indented, but goes on with no property"},
      {"[a]\n secret", "'config', line 2 is indented, but goes on with no property"},
      {"[a]\nx = 1\n[a]\n secret", "'config', line 4 is indented, but goes on with no property"},
      {"[a]\n= secret", "'config', line 2 is neither \"[SECTION]\" nor \"NAME = VALUE\""},
      {"[a]\nkey : secret", "'config', line 2 is neither \"[SECTION]\" nor \"NAME = VALUE\""},
      {"[a]\ns3 =\n secret", "'config', line 3 is indented, but is no nested \"NAME = VALUE\""},
      {"[a]\ns3 =\n = secret", "'config', line 3 is indented, but is no nested \"NAME = VALUE\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(problem_with(row.text) == row.problem);
  }
}

TEST_SUITE_END();
