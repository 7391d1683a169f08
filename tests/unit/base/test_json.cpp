// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl;

TEST_SUITE_BEGIN("base/json");

TEST_CASE("what is no JSON is refused with the document's name") {
  for (const std::string text :
       {"", "{", "[1,]", "{\"a\":}", "nul", "{} x", "\"\xff\"", "{\"a\" 1}"}) {
    CAPTURE(text);
    try {
      parse_json(text, "the list of tags");
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message().starts_with("the list of tags is not JSON: "));
      CHECK(error.message().find("json.exception") == std::string::npos);
    }
  }
}

TEST_CASE("nesting is limited to 100, and brackets in strings do not count") {
  CHECK_NOTHROW(parse_json(std::string(100, '[') + std::string(100, ']'), "x"));
  CHECK_THROWS_WITH_AS(parse_json(std::string(101, '[') + std::string(101, ']'), "x"),
                       "x is JSON nested more than 100 deep", Error);
  CHECK_THROWS_AS(parse_json(std::string(1'000'000, '{'), "x"), Error);
  CHECK_NOTHROW(
      parse_json("\"" + std::string(200, '[') + "\\\"" + std::string(200, '{') + "\"", "x"));
}

TEST_CASE("members of the wrong kind are named") {
  const auto object = parse_json(R"({"s":"x","n":3,"neg":-3,"f":3.7,"z":null})", "x");
  CHECK(required_string(object, "s", "doc") == "x");
  CHECK(required_size(object, "n", "doc") == 3);
  struct Row {
    const char* name;
    const char* why;
  };
  for (const auto& row : {Row{"neg", "doc.neg is not a size"}, Row{"f", "doc.f is not a size"},
                          Row{"s", "doc.s is not a size"}, Row{"z", "doc.z is missing"},
                          Row{"gone", "doc.gone is missing"}}) {
    CHECK_THROWS_WITH_AS(required_size(object, row.name, "doc"), row.why, Error);
  }
  CHECK_THROWS_WITH_AS(required_string(object, "n", "doc"), "doc.n is not a string", Error);
  CHECK_THROWS_AS(required_string(Json::array(), "n", "doc"), Error);
}

TEST_CASE("what is only shown may be anything") {
  const auto object = parse_json(R"({"s":"x","e":"","n":3,"z":null})", "x");
  CHECK(optional_string(object, "s") == "x");
  for (const char* name : {"e", "n", "z", "gone"}) {
    CHECK_FALSE(optional_string(object, name));
  }
  CHECK(find_member(Json(3), "x") == nullptr);
}

TEST_CASE("members keep the order in which they came") {
  CHECK(parse_json(R"({"b":1,"a":2})", "x").dump() == R"({"b":1,"a":2})");
}

TEST_CASE("quoting never fails") {
  CHECK(json_quote("a\"\n") == R"("a\"\n")");
  CHECK(json_quote("\xff") == "\"\xef\xbf\xbd\"");
}

TEST_SUITE_END();

TEST_CASE("what parse_json refuses is not found") {
  const std::string deep(101, '[');
  for (const auto& text : {std::string(), std::string("{"), std::string("\xFF"), std::string("1 2"),
                           deep + std::string(101, ']')}) {
    CAPTURE(text.substr(0, 10));
    CHECK_FALSE(find_json(text));
  }
  CHECK(find_json("null")->is_null());
  CHECK(find_json(deep.substr(1) + std::string(100, ']'))->is_array());
}
