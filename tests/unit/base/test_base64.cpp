// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>

using regctl::base64_decode;
using regctl::base64_encode;
using regctl::Error;

TEST_SUITE_BEGIN("base/base64");

TEST_CASE("base64 is written and read as in RFC 4648 section 10") {
  struct Row {
    std::string bytes;
    const char* text;
  };
  const Row rows[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {std::string("\x00\xff\xfe\x3f", 4), "AP/+Pw=="},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(base64_encode(row.bytes) == row.text);
    CHECK(base64_decode(row.text) == row.bytes);
  }
}

TEST_CASE("a long text stays in one line") {
  const std::string bytes(1000, 'a');
  const auto text = base64_encode(bytes);
  CHECK(text.size() == 1336);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(base64_decode(text) == bytes);
}

TEST_CASE("the padding may be missing but not be wrong, and nothing else stands in between") {
  CHECK(base64_decode("Zg") == "f");
  CHECK(base64_decode("Zm8") == "fo");
  for (const char* text : {"Z", "Zg=", "Zg===", "Zm9v=", "====", "=", "Z===", "Zm 9v", "Zm9v\n",
                           " Zm9v", "Zg==Zg==", "Zm-_", "Zm9v-", "Zm9v----"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(base64_decode(text), "not base64", Error);
  }
}

TEST_SUITE_END();
