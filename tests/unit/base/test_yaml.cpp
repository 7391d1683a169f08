// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/yaml.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;

namespace {

/// The document on one line: {key: value}, [item], 'scalar', ~.
std::string written(const Yaml& yaml) {
  std::string text;
  switch (yaml.kind) {
  case Yaml::Kind::null:
    return "~";
  case Yaml::Kind::scalar:
    return "'" + yaml.scalar + "'";
  case Yaml::Kind::list:
    for (const auto& item : yaml.items) {
      text += (text.empty() ? "" : ", ") + written(item);
    }
    return "[" + text + "]";
  case Yaml::Kind::map:
    break;
  }
  for (const auto& member : yaml.members) {
    text += (text.empty() ? "" : ", ") + member.key + ": " + written(member.value);
  }
  return "{" + text + "}";
}

} // namespace

TEST_SUITE_BEGIN("base/yaml");

TEST_CASE("documents are read as they are written, scalars as text") {
  struct Row {
    const char* text;
    const char* result;
  };
  const Row rows[] = {
      {"", "~"},
      {"~", "~"},
      {"yes", "'yes'"},
      {"a: 1\nb: 0x10\nc: 1.50\nd: no", "{a: '1', b: '0x10', c: '1.50', d: 'no'}"},
      {"b: 1\na: 2", "{b: '1', a: '2'}"},
      {"a:\nb: ~\nc: null\nd: ''", "{a: ~, b: ~, c: ~, d: ''}"},
      {"- a\n- {b: c}\n- [d]", "['a', {b: 'c'}, ['d']]"},
      {"a: \"x\\ny\"\nb: 'it''s'", "{a: 'x\ny', b: 'it's'}"},
      {"a: &x {k: v}\nb: *x", "{a: {k: 'v'}, b: {k: 'v'}}"},
      {"a: &x {k: v, l: w}\nb: {<<: *x, k: mine}", "{a: {k: 'v', l: 'w'}, b: {k: 'mine', l: 'w'}}"},
      {"a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y]}",
       "{a: {k: '1'}, b: {k: '2', m: '3'}, c: {k: '1', m: '3'}}"},
      {"a: {<<: 7, k: v}", "{a: {k: 'v'}}"},
      {"# comment\na: b # more\n", "{a: 'b'}"},
      {"a: 1\n---\nb: 2", "{a: '1'}"},
      {"a: |\n  two\n  lines\n", "{a: 'two\nlines\n'}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(written(parse_yaml(row.text, "input")) == row.result);
  }
}

TEST_CASE("members are found, and know their lines") {
  const auto yaml = parse_yaml("a: 1\n\nb:\n  - x\n  - y\n", "input");
  REQUIRE(yaml.find("b") != nullptr);
  CHECK(yaml.find("b")->items.at(1).line == 5);
  CHECK(yaml.find("c") == nullptr);
  CHECK(yaml.find("a")->find("x") == nullptr);
}

TEST_CASE("malformed YAML is reported with its line") {
  struct Row {
    std::string text;
    const char* begin;
  };
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    const std::string above(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) {
      bomb += (i > 0 ? ", *" : "*") + above;
    }
    bomb += "]\n";
  }
  const Row rows[] = {
      {"a: [", "input line 1: "},
      {"a: 1\nb: c: d", "input line 2: "},
      {"a: *nowhere", "input line 1: "},
      {"a: 1\n[1, 2]: x", "input line 2: "},
      {"a:\n\t- b", "input line 2: "},
      {std::string(200, '[') + std::string(200, ']'), "input line 1: the document is too large"},
      {std::string(100'000, '['), "input line 1: "},
      {bomb, "input line "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text.substr(0, 40));
    try {
      parse_yaml(row.text, "input");
      FAIL("it was read");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().starts_with(row.begin));
    }
  }
}
