// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;

TEST_SUITE_BEGIN("base/text");

TEST_CASE("trim takes blanks away from both ends only") {
  CHECK(trim("") == "");
  CHECK(trim(" \t\r\n") == "");
  CHECK(trim("a") == "a");
  CHECK(trim("\r\n a \t b\t\n") == "a \t b");
}

TEST_CASE("lower changes A to Z alone") {
  CHECK(lower(std::string_view("aZ-0_\xc3\x84")) == "az-0_\xc3\x84");
  CHECK(lower('Q') == 'q');
  CHECK(lower('@') == '@');
  CHECK(lower('[') == '[');
}

TEST_CASE("only digits, and one at least, are all digits") {
  CHECK(is_all_digits("0"));
  CHECK(is_all_digits("012345678901234567890123456789"));
  for (const auto* text : {"", "-1", "+1", " 1", "1 ", "1.0", "1a"}) {
    CAPTURE(text);
    CHECK_FALSE(is_all_digits(text));
  }
}

TEST_CASE("a path is its folder and the name in it") {
  const auto check = [](std::string_view path, std::string_view folder, std::string_view name) {
    CAPTURE(path);
    const auto parts = split_path(path);
    CHECK(parts.folder == folder);
    CHECK(parts.name == name);
  };
  check("a/b/c", "a/b", "c");
  check("c", "", "c");
  check("/c", "", "c");
  check("a/b/", "a/b", "");
  check("", "", "");
}

TEST_CASE("two lists have a text in common if one of them has a text of the other") {
  CHECK(have_common({"a", "b"}, {"c", "b"}));
  CHECK_FALSE(have_common({"a", "b"}, {"c", "ab"}));
  CHECK_FALSE(have_common({}, {"a"}));
  CHECK_FALSE(have_common({"a"}, {}));
}

TEST_CASE("a list of some texts says that there are more") {
  CHECK(list_some({}, 2) == "");
  CHECK(list_some({"a"}, 2) == "a");
  CHECK(list_some({"a", "b"}, 2) == "a, b");
  CHECK(list_some({"a", "b", "c"}, 2) == "a, b, …");
}

TEST_SUITE_END();
