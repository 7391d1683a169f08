// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/message.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::http;

TEST_SUITE_BEGIN("http/message");

TEST_CASE("fields are found by name without case, in order") {
  Headers headers = {{"Content-Type", "text/html"}, {"Set-Cookie", "a=1"}};
  headers.add("SET-COOKIE", "b=2");
  headers.add("X-Empty", "");
  CHECK(headers.find("content-type") == "text/html");
  CHECK(headers.find("set-cookie") == "a=1");
  CHECK(headers.find("X-EMPTY") == "");
  CHECK(headers.find("Content") == std::nullopt);
  CHECK(headers.find("") == std::nullopt);
  CHECK(headers.all("Set-Cookie") == std::vector<std::string>{"a=1", "b=2"});
  CHECK(headers.all("Cookie").empty());
  CHECK(headers.fields().size() == 4);
}

TEST_CASE("methods are printed by their HTTP names") {
  CHECK(to_string(Method::get) == "GET");
  CHECK(to_string(Method::head) == "HEAD");
  CHECK(to_string(Method::put) == "PUT");
  CHECK(to_string(Method::post) == "POST");
  CHECK(to_string(Method::remove) == "DELETE");
}

TEST_CASE("a body of text can be read again and again") {
  const auto body = text_body("hello");
  CHECK(body.size_bytes == 5);
  for (int i = 0; i < 2; ++i) {
    CHECK(read_text(*body.open(), 100, "the body") == "hello");
  }
}

TEST_SUITE_END();
