// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/visible.hpp>

#include <doctest/doctest.h>

using namespace regctl;

TEST_SUITE_BEGIN("base/visible");

TEST_CASE("characters that could change a terminal's state are made visible") {
  struct Row {
    std::string text;
    std::string shown;
  };
  const Row rows[] = {
      {"plain text: ~ é 漢 👍", "plain text: ~ é 漢 👍"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"a\nb\r\tc", "a\\nb\\r\\tc"},
      {std::string("nul\0!", 5), "nul\\x00!"},
      {"del\x7f", "del\\x7f"},
      {"\xc2\x9b"
       "31m",
       "\\u009b31m"},
      {"txt\xe2\x80\xae"
       "exe",
       "txt\\u202eexe"},
      {"\xf3\xa0\x81\x81", "\\ue0041"},
      {"bad \xff\xfe", "bad \\xff\\xfe"},
      {"cut \xe6\xbc", "cut \\xe6\\xbc"},
      {"overlong \xc0\xaf \xe0\x80\xaf", "overlong \\xc0\\xaf \\xe0\\x80\\xaf"},
      {"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80"},
      {"too large \xf4\x90\x80\x80", "too large \\xf4\\x90\\x80\\x80"},
      {"", ""},
  };
  for (const auto& row : rows) {
    CHECK(visible(row.text) == row.shown);
  }
}

TEST_CASE("making visible twice is the same as once") {
  for (const std::string text : {"\x1b[0m\n\xff\xe2\x80\xae \\n é", "", "\xc2\x9b"}) {
    CHECK(visible(visible(text)) == visible(text));
  }
}

TEST_CASE("an excerpt of a short text is the whole text") {
  const std::string text(k_excerpt_limit_bytes, 'x');
  CHECK(excerpt(text) == text);
  CHECK(excerpt("") == "");
  CHECK(excerpt("a\x1b]0;b\a") == "a\\x1b]0;b\\x07");
}

TEST_CASE("an excerpt of a long text is cut and says so") {
  CHECK(excerpt(std::string(201, 'x')) == std::string(200, 'x') + "… (201 bytes)");
  CHECK(excerpt(std::string(80'000'000, '1')) == std::string(200, '1') + "… (80000000 bytes)");
}

TEST_CASE("an excerpt ends between characters and between escapes") {
  CHECK(excerpt(std::string(199, 'x') + "é") == std::string(199, 'x') + "… (201 bytes)");
  CHECK(excerpt(std::string(300, '\1')).starts_with("\\x01"));
  CHECK(excerpt(std::string(198, 'x') + "\x1bz") == std::string(198, 'x') + "… (200 bytes)");
}

TEST_SUITE_END();
