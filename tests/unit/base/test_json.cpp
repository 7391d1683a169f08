// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json_reader.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace regctl;

namespace {

/// Writes down what it is told, and refuses the text "no".
class Recorder final : public JsonReader {
public:
  std::string heard;

private:
  bool on_begin(Shape shape) override { return hear(shape == Shape::array ? "[" : "{"); }
  bool on_end(Shape shape) override { return hear(shape == Shape::array ? "]" : "}"); }
  bool on_key(std::string& name) override { return hear(name + ":"); }
  bool on_string(std::string& text) override { return text != "no" && hear("'" + text + "'"); }
  bool on_number(std::uint64_t value) override { return hear(std::to_string(value)); }
  bool on_null() override { return hear("null"); }
  bool on_other() override { return hear("other"); }

  bool hear(const std::string& what) {
    heard += std::to_string(depth()) + what + " ";
    return true;
  }
};

} // namespace

TEST_SUITE_BEGIN("base/json");

TEST_CASE("malformed JSON is refused with the document's name") {
  for (const std::string text :
       {"", "{", "[1,]", "{\"a\":}", "nul", "{} x", "\xff", "\"\\ud83d", "{\"a\" 1}"}) {
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

TEST_CASE("an error quotes only a part of the text") {
  for (const auto& text :
       {"[" + std::string(1'000'000, '1') + "e]", "\"" + std::string(1'000'000, 'x'),
        "{\"" + std::string(1'000'000, 'k') + "\" 1}", std::string(1'000'000, '\x1b')}) {
    try {
      parse_json(text, "it");
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.message().size() < 400);
      CHECK(error.message().find('\x1b') == std::string::npos);
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

TEST_CASE("members of the wrong type are named") {
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

TEST_CASE("an optional member of the wrong type is ignored") {
  const auto object = parse_json(R"({"s":"x","e":"","n":3,"z":null})", "x");
  CHECK(optional_string(object, "s") == "x");
  for (const char* name : {"e", "n", "z", "gone"}) {
    CHECK_FALSE(optional_string(object, name));
  }
  CHECK(find_member(Json(3), "x") == nullptr);
}

TEST_CASE("JSON that Go and Python accept against the standard is read") {
  for (const auto& [given, plain] : std::map<std::string, std::string>{
           {R"("\ud83d")", R"("\ufffd")"},
           {R"("\ud83dx\ude00")", R"("\ufffdx\ufffd")"},
           {R"("\ude00\ud83d")", R"("\ufffd\ufffd")"},
           {R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
           {R"({"\uD83D": "\\\ud83d"})", R"({"\ufffd": "\\\ufffd"})"},
           {"\"J\xe9r\xc3\xa9\"", R"("J\ufffdr\u00e9")"},
           {"\"\xed\xa0\xbd\"", R"("\ufffd\ufffd\ufffd")"},
           {"[1e999, -1E+400, 1e308, " + std::string(400, '9') + "]", "[null, null, 1e308, null]"},
       }) {
    const auto& text = given; // bindings cannot be captured
    CAPTURE(text);
    const auto wanted = Json::parse(plain);
    CHECK(parse_json(text, "x") == wanted);
    CHECK(find_json(text) == wanted);
    Recorder reader;
    CHECK(reader.read(text));
    Recorder strict;
    CHECK(strict.read(plain));
    CHECK(reader.heard == strict.heard);
  }
  CHECK_FALSE(find_json(R"("\ud83")"));
  CHECK_FALSE(find_json(R"("\ud83d)"));
  CHECK_FALSE(find_json("[1e999e1]"));
}

TEST_CASE("members keep the order in which they came") {
  CHECK(parse_json(R"({"b":1,"a":2})", "x").dump() == R"({"b":1,"a":2})");
}

TEST_CASE("of several members of one name the last counts, at the place of the first") {
  CHECK(parse_json(R"({"a":1,"b":[2],"a":{"x":1,"x":2},"c":3,"b":4,"a":5})", "x").dump() ==
        R"({"a":5,"b":4,"c":3})");
  CHECK(parse_json(R"([{"a":{"x":1,"y":0,"x":2}}])", "x").dump() == R"([{"a":{"x":2,"y":0}}])");
}

TEST_CASE("an object of very many members is read in linear time") {
  constexpr int k_members = 400'000; // looked up one by one: minutes
  std::string text = "{";
  for (int i = 0; i < k_members; ++i) {
    text += "\"m" + std::to_string(i % (k_members - 1)) + "\":" + std::to_string(i) + ",";
  }
  text.back() = '}';
  const auto document = parse_json(text, "x");
  REQUIRE(document.size() == k_members - 1);
  CHECK(document.begin().key() == "m0");
  CHECK(document.front() == k_members - 1);
  CHECK(document.back() == k_members - 2);
  auto object = Json::object();
  for (int i = 0; i < k_members; ++i) {
    append_member(object, std::to_string(i), i);
  }
  CHECK(object.size() == k_members);
}

TEST_CASE("the number of values in a document is limited") {
  const auto list_of = [](std::size_t values) {
    std::string text = "[";
    for (std::size_t i = 0; i < values; ++i) {
      text += "{},";
    }
    text.back() = ']';
    return text;
  };
  const auto full = list_of(k_value_limit - 1); // and the list itself
  CHECK(parse_json(full, "x").size() == k_value_limit - 1);
  const auto many = list_of(k_value_limit);
  CHECK_THROWS_WITH_AS(parse_json(many, "it"), "it has more than 500000 values", Error);
  CHECK_FALSE(find_json(many));
  std::size_t elements = 0; // each of which is a document
  CHECK_FALSE(read_json_elements(many, [&](const Json&) { ++elements; }));
  CHECK(elements == k_value_limit);
  CHECK(read_json_elements("[" + full + "," + many + "]", [](const Json&) {}) ==
        "has more than 500000 values");
}

TEST_CASE("an array is read element by element") {
  std::vector<std::string> heard;
  const auto hear = [&](const Json& element) { heard.push_back(element.dump()); };
  CHECK_FALSE(read_json_elements(R"([1, "x", {"a":[2,{}]}, [], null])", hear));
  CHECK(heard == std::vector<std::string>{"1", "\"x\"", R"({"a":[2,{}]})", "[]", "null"});
  CHECK_FALSE(read_json_elements("[]", hear));
  for (const std::string text : {"{}", "3", "null", R"({"a":[1]})"}) {
    CHECK(read_json_elements(text, hear) == "is not a JSON array");
  }
  for (const std::string text : {"", "[1", "[] []"}) {
    CHECK(read_json_elements(text, hear).value().starts_with("is not JSON: "));
  }
  CHECK_FALSE(read_json_elements(std::string(100, '[') + std::string(100, ']'), hear));
  CHECK(read_json_elements(std::string(101, '[') + std::string(101, ']'), hear) ==
        "is JSON nested more than 100 deep");
  CHECK_THROWS_AS(read_json_elements("[1]", [](const Json&) { throw Error(ErrorKind::usage, ""); }),
                  Error);
}

TEST_CASE("an object is read member by member, and a list in it element by element") {
  std::string heard;
  const auto hear = [&](const std::string& name, const Json& value) {
    heard += name + "=" + value.dump() + " ";
  };
  const std::string text = R"({"a":1,"list":[2,[3],{"list":[4]}],"b":{"list":[5]},"list":6,"a":7})";
  CHECK_FALSE(read_json_members(text, hear));
  CHECK(heard == R"(a=1 list=[2,[3],{"list":[4]}] b={"list":[5]} list=6 a=7 )");
  heard.clear();
  CHECK_FALSE(read_json_members(text, hear, "list"));
  CHECK(heard == R"(a=1 list=[] list=2 list=[3] list={"list":[4]} b={"list":[5]} list=6 a=7 )");
  for (const std::string other : {"[]", "3", R"([{"a":1}])"}) {
    CHECK(read_json_members(other, hear) == "is not a JSON object");
  }
  CHECK(read_json_members(R"({"list":[1)", hear, "list").value().starts_with("is not JSON: "));
  CHECK(read_json_members(R"({"list":)" + std::string(100, '[') + std::string(100, ']') + "}", hear,
                          "list") == "is JSON nested more than 100 deep");
}

TEST_CASE("quoted text is always UTF-8") {
  CHECK(json_quote("a\"\n") == R"("a\"\n")");
  CHECK(json_quote("\xff") == "\"\xef\xbf\xbd\"");
}

TEST_CASE("find_json returns nothing where parse_json throws") {
  const std::string deep(101, '[');
  for (const auto& text : {std::string(), std::string("{"), std::string("\xFF"), std::string("1 2"),
                           deep + std::string(101, ']')}) {
    CAPTURE(text.substr(0, 10));
    CHECK_FALSE(find_json(text));
  }
  CHECK(find_json("null")->is_null());
  CHECK(find_json(deep.substr(1) + std::string(100, ']'))->is_array());
}

TEST_CASE("a document can be read value by value") {
  Recorder reader;
  CHECK(reader.read(R"({"a": [1, -1, null, "x"], "b": true})"));
  CHECK(reader.heard == "0{ 1a: 1[ 21 2other 2null 2'x' 1] 1b: 1other 0} ");
  CHECK(reader.problem().empty());
  reader.heard.clear();
  CHECK_FALSE(reader.read(R"([["yes", "no", "never"]])"));
  CHECK(reader.heard == "0[ 1[ 2'yes' ");
  CHECK(reader.problem().empty());
  for (const std::string text : {"", "{", "[1,]", "nul", "{} x", "\xff"}) {
    CAPTURE(text);
    CHECK_FALSE(reader.read(text));
    CHECK(reader.problem().starts_with("is not JSON: "));
  }
  CHECK(reader.read(std::string(100, '[') + std::string(100, ']')));
  CHECK_FALSE(reader.read(std::string(1'000'000, '[')));
  CHECK(reader.problem() == "is JSON nested more than 100 deep");
}

TEST_SUITE_END();
