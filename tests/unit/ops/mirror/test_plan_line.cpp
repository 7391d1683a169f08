// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/plan_line.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>

using regctl::Error;
using regctl::ErrorKind;
using namespace regctl::ops;
using namespace regctl::ops::mirror;

TEST_SUITE_BEGIN("ops/mirror/plan_line");

TEST_CASE("a planned tag is a line of JSON that reads back as it was") {
  struct Row {
    PlannedTag tag;
    const char* line;
  };
  const Row rows[] = {
      {{"team/app", "mirror/app", "1.0", Action::copy, "missing", false, "abc", {}},
       R"({"source":"team/app","destination":"mirror/app","tag":"1.0","action":"copy",)"
       R"("reason":"missing","identity":"abc","previous":null})"},
      {{"a", "a", "1", Action::update, "differs", false, "abc", "def"},
       R"({"source":"a","destination":"a","tag":"1","action":"update","reason":"differs",)"
       R"("identity":"abc","previous":"def"})"},
      {{"a", "a", "1", Action::remove, "not at the source", false, {}, "def"},
       R"({"source":"a","destination":"a","tag":"1","action":"delete",)"
       R"("reason":"not at the source","identity":null,"previous":"def"})"},
      {{"a", "a", "1", Action::skip, "broken at the source", true, {}, {}},
       R"({"source":"a","destination":"a","tag":"1","action":"skip",)"
       R"("reason":"broken at the source","identity":null,"previous":null,"broken":true})"},
      {{"a", "a", "1", Action::update, "damaged at the destination", false, "abc", "abc", false,
        true},
       R"({"source":"a","destination":"a","tag":"1","action":"update",)"
       R"("reason":"damaged at the destination","identity":"abc","previous":"abc","damaged":true})"},
      {{"a", "a", "1", Action::keep, "same\n\"x\"", false, "abc", "abc"},
       R"({"source":"a","destination":"a","tag":"1","action":"keep","reason":"same\n\"x\"",)"
       R"("identity":"abc","previous":"abc"})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const auto text =
        R"({"from":"docker://old:1","to":"docker://new:1/m/",)" + std::string(row.line).substr(1);
    CHECK(print_plan_line({"docker://old:1", "docker://new:1/m/", row.tag}) == text);
    const auto line = parse_plan_line(text, "'plan', line 1");
    CHECK(print_plan_line(line) == text);
    CHECK(!line.is_repository);
    const auto& again = line.tag;
    CHECK(again.action == row.tag.action);
    CHECK(again.is_broken == row.tag.is_broken);
    CHECK(again.is_damaged == row.tag.is_damaged);
    CHECK(again.identity == row.tag.identity);
    CHECK(again.previous == row.tag.previous);
  }
}

TEST_CASE("unknown members of a plan's line are ignored") {
  const auto line = parse_plan_line(R"({"source":"a","destination":"b","tag":"1","action":"copy",
                                        "identity":"x","error":{"kind":"denied"}})",
                                    "'plan', line 1");
  CHECK(line.tag.destination_name == "b");
  CHECK(line.tag.reason.empty());
  CHECK(line.from.empty());
}

TEST_CASE("a repository is a record, or its name alone") {
  struct Row {
    const char* line;
    const char* name;
    const char* from;
    bool is_ruled;
  };
  const Row rows[] = {
      {R"({"type":"repository","from":"a","to":"b","source":"team/app","outcome":"failed"})",
       "team/app", "a", false},
      {R"({"type":"repository","from":"a","to":"b","source":"app","rules":true})", "app", "a",
       true},
      {" team/app\t", "team/app", "", false},
      {"library/app", "app", "", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const auto line = parse_plan_line(row.line, "'plan', line 1");
    CHECK(line.is_repository);
    CHECK(line.tag.source_name == row.name);
    CHECK(line.from == row.from);
    CHECK(line.is_ruled == row.is_ruled);
  }
}

TEST_CASE("a malformed line is named with its number") {
  struct Row {
    const char* line;
    const char* why;
  };
  const Row rows[] = {
      {"version: 1", "is neither a record nor the name of a repository"},
      {"[]", "is neither a record nor the name of a repository"},
      {"{", "not JSON"},
      {R"({"type":"summary","interrupted":false})", "it is of type 'summary'"},
      {R"({"from":"a","source":"a","destination":"a","tag":"1","action":"keep"})", "one end"},
      {R"({"type":"repository","from":"a","to":"b"})", "source is missing"},
      {R"({"destination":"a","tag":"1","action":"keep"})", "source is missing"},
      {R"({"source":"a","destination":1,"tag":"1","action":"keep"})",
       "destination is not a string"},
      {R"({"source":"a","destination":"","tag":"1","action":"keep"})", "a name is empty"},
      {R"({"source":"a","destination":"a","tag":"../1","action":"keep"})", "'../1' is not a tag"},
      {R"({"source":"a","destination":"a","tag":"1","action":"burn"})", "action is 'burn'"},
      {R"({"source":"a","destination":"a","tag":"1","action":"copy"})", "identity is missing"},
      {R"({"source":"a","destination":"a","tag":"1","action":"update"})", "identity is missing"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    try {
      parse_plan_line(row.line, "'plan', line 17");
      FAIL_CHECK("was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message().find("'plan', line 17") == 0);
      CHECK(error.message().find(row.why) != std::string::npos);
    }
  }
}

TEST_SUITE_END();
