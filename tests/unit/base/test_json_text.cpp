// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/json.hpp>
#include <regctl/base/json_text.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;

TEST_SUITE_BEGIN("base/json_text");

TEST_CASE("every byte that is no part of valid UTF-8 becomes one U+FFFD") {
  struct Row {
    std::string text, valid;
  };
  const std::string bad = "\xef\xbf\xbd";
  const std::vector<Row> rows = {
      {"", ""},
      {"plain", "plain"},
      {"\xc5\xbc \xe2\x82\xac \xf0\x9f\x90\xb3", "\xc5\xbc \xe2\x82\xac \xf0\x9f\x90\xb3"},
      {"Ren\xe9", "Ren" + bad},
      {"\xe9\xe9", bad + bad},
      {"\xc0\x80", bad + bad},                     // too long for what it is
      {"\xe0\x80\x80", bad + bad + bad},           // likewise
      {"\xf0\x80\x80\x80", bad + bad + bad + bad}, // likewise
      {"\xed\xa0\x80", bad + bad + bad},           // a surrogate
      {"\xf4\x90\x80\x80", bad + bad + bad + bad}, // above U+10FFFF
      {"\xf5\x80\x80\x80", bad + bad + bad + bad},
      {"\xe2\x82", bad + bad}, // cut
      {"\xe2\x82x", bad + bad + "x"},
      {"\xf0\x9f\x90", bad + bad + bad},
      {"\x80\xbf", bad + bad},
      {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"},
      {std::string("\0", 1), std::string("\0", 1)},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(to_valid_utf8(row.text) == row.valid);
    CHECK(to_valid_utf8(row.valid) == row.valid);
  }
}

TEST_CASE("members are the texts of their values, as they were written") {
  const auto members = json_members(" { \"a\" : 1e3 ,\t\"b\":[ 1.0 , {\"]\":\"}\"} ],\n"
                                    "\"\\u0063\":\"x\\\"y\\\\\" , \"d\":{\"e\":{}},\"f\":null}");
  REQUIRE(members);
  CHECK(*members == JsonMembers{{"a", "1e3"},
                                {"b", "[ 1.0 , {\"]\":\"}\"} ]"},
                                {"c", "\"x\\\"y\\\\\""},
                                {"d", "{\"e\":{}}"},
                                {"f", "null"}});
  CHECK(json_members("{}") == JsonMembers{});
  CHECK(json_members(" { } ") == JsonMembers{});
  CHECK(json_members("{\"\":-0.1e-7}") == JsonMembers{{"", "-0.1e-7"}});
  CHECK(json_members("{\"n\":12345678901234567890123 }") ==
        JsonMembers{{"n", "12345678901234567890123"}});
}

TEST_CASE("of several members of one name the last counts, at its own place") {
  CHECK(json_members(R"({"a":1,"b":2,"\u0061":3})") == JsonMembers{{"b", "2"}, {"a", "3"}});
}

TEST_CASE("what is no object has no members") {
  for (const char* text : {"", " ", "[]", "[{}]", "\"{}\"", "1", "null"}) {
    CAPTURE(text);
    CHECK_FALSE(json_members(text));
  }
}

TEST_CASE("members of what is cut are read without end or harm") {
  const std::string whole = R"({"a":[1,{"b":"c\\"}],"d":"\"","e":-1})";
  for (std::size_t i = 0; i <= whole.size(); ++i) {
    static_cast<void>(json_members(whole.substr(0, i)));
    static_cast<void>(json_members(whole.substr(i)));
    static_cast<void>(compact_json(whole.substr(0, i)));
    static_cast<void>(compact_json(whole.substr(i)));
  }
}

TEST_CASE("compact JSON has no white space outside of strings, and nothing that HTML reads") {
  struct Row {
    const char *text, *compact;
  };
  const std::vector<Row> rows = {
      {" { \"a b\" :\t[ 1.0 ,\r\n1e3 , -0 ] } ", R"({"a b":[1.0,1e3,-0]})"},
      {R"("<&>")", R"("\u003c\u0026\u003e")"},
      {"\"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\"", "\"\\u2028\\u2029\xe2\x80\xaa\""},
      {R"("\/ \b \u00e9 \uD83D\uDE00")", R"("\/ \b \u00e9 \uD83D\uDE00")"},
      {R"({"a\\" : "b\" : c" , "\\\"" : 1})", R"({"a\\":"b\" : c","\\\"":1})"},
      {"12345678901234567890123", "12345678901234567890123"},
      {"\" x \"", "\" x \""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(compact_json(row.text) == row.compact);
    CHECK(compact_json(row.compact) == row.compact);
    CHECK((find_json(row.compact) == find_json(row.text)));
  }
}

TEST_CASE("strings are written as Go of the time wrote them") {
  CHECK(quote_as_go("") == "\"\"");
  CHECK(quote_as_go("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(quote_as_go("\n\r\t") == R"("\n\r\t")");
  CHECK(quote_as_go("\b\f\x1f\x01") == R"("\u0008\u000c\u001f\u0001")");
  CHECK(quote_as_go(std::string("\0", 1)) == R"("\u0000")");
  CHECK(quote_as_go("<&>\x7f") == "\"\\u003c\\u0026\\u003e\x7f\"");
  CHECK(quote_as_go("\xe2\x80\xa8 \xf0\x9f\x90\xb3 \xc5\xbc") ==
        "\"\\u2028 \xf0\x9f\x90\xb3 \xc5\xbc\"");
  CHECK(quote_as_go("\xe9 \xed\xa0\x80") ==
        "\"\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("an object is put together in the order of its members") {
  CHECK(make_json_object({}) == "{}");
  CHECK(make_json_object({{"b", "1e3"}, {"a<", "[1.0]"}}) == R"({"b":1e3,"a\u003c":[1.0]})");
}

TEST_SUITE_END();
