// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/http/secret.hpp>

#include <doctest/doctest.h>

#include <string>

using regctl::Error;
using regctl::http::base64_decode;
using regctl::http::base64_encode;
using regctl::http::basic_authorization;
using regctl::http::Secret;

TEST_SUITE_BEGIN("http/secret");

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

TEST_CASE("base64 may lack its padding but not be wrong") {
  CHECK(base64_decode("Zg") == "f");
  CHECK(base64_decode("Zm8") == "fo");
  for (const char* text :
       {"Z", "Zg=", "Zg===", "Zm9v=", "====", "=", "Z===", "Zm 9v", "Zm9v\n", "Zg==Zg==", "Zm-_"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(base64_decode(text), "not base64", Error);
  }
}

TEST_CASE("Basic holds user and password, also without a user") {
  CHECK(basic_authorization("Aladdin", Secret("open sesame")).reveal() ==
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(basic_authorization("", Secret()).reveal() == "Basic Og==");
}

TEST_SUITE_END();
