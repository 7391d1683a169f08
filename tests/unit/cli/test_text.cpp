// SPDX-License-Identifier: Apache-2.0
#include "cli/text.hpp"

#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace regctl::cli;

TEST_SUITE_BEGIN("cli/text");

TEST_CASE("a printed JSON document keeps its meaning") {
  for (const std::string text :
       {"\x7f \\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xf3\xa0\x81\x81", "plain é", "line\nbreak"}) {
    CAPTURE(text);
    const regctl::Json document = {{"text", text}, {"more", {1, 2}}};
    const auto shown = visible_json(document.dump(2));
    CHECK(regctl::parse_json(shown, "it") == document);
    CHECK(regctl::visible(shown.substr(0, shown.find('\n'))) == shown.substr(0, shown.find('\n')));
    CHECK(shown.find("\xc2\x9b") == std::string::npos);
    CHECK(shown.find('\x7f') == std::string::npos);
  }
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("é") == 1);
  CHECK(display_width("e\xcc\x81") == 1); // a combining accent
  CHECK(display_width("漢字") == 4);
  CHECK(display_width("กำ") == 2);
  CHECK(display_width("ที่") == 1); // two marks above the letter
  CHECK(display_width("שָׁ") == 1);
  CHECK(display_width("🐋⚡") == 4);
  CHECK(display_width("\xff") == 1);
}

TEST_CASE("a text that is too long ends in dots") {
  struct Row {
    std::string text;
    std::size_t columns;
    std::string result;
  };
  const Row rows[] = {
      {"abcdef", 6, "abcdef"},  {"abcdefg", 6, "abc..."}, {"漢字漢字", 7, "漢字..."},
      {"漢字漢字", 6, "漢..."}, {"abcdef", 3, "..."},     {"abcdef", 2, ".."},
      {"abcdef", 0, ""},        {"ééééééé", 6, "ééé..."},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(ellipsize(row.text, row.columns) == row.result);
  }
}

TEST_CASE("padding fills up to a width, and leaves longer text as it is") {
  CHECK(pad("ab", 4) == "ab  ");
  CHECK(pad("漢", 4) == "漢  ");
  CHECK(pad("abcdef", 4) == "abcdef");
}

TEST_CASE("wrapping breaks at spaces only") {
  CHECK(wrap("one two three", 2, 10) == "  one two\n  three\n");
  CHECK(wrap("one two", 0, 7) == "one two\n");
  CHECK(wrap("averylongword b", 4, 10) == "    averylongword\n    b\n");
  CHECK(wrap("", 4, 10).empty());
}

TEST_CASE("numbers in names count as numbers") {
  const std::vector<std::string> sorted = {"1",  "1.0", "1.2",    "1.9", "1.10", "1.10-a", "2",
                                           "10", "a",   "latest", "v01", "v1",   "v1.0",   "v2"};
  auto shuffled = sorted;
  std::reverse(shuffled.begin(), shuffled.end());
  std::sort(shuffled.begin(), shuffled.end(),
            [](const auto& a, const auto& b) { return natural_less(a, b); });
  CHECK(shuffled == sorted);
  CHECK_FALSE(natural_less("1.0", "1.0"));
  CHECK(natural_less("99999999999999999998", "99999999999999999999")); // beyond any integer
}

TEST_SUITE_END();
