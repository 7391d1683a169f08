// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/client.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::http;

TEST_SUITE_BEGIN("http/headers");

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

TEST_CASE("a content range is read with and without its unit") {
  struct Row {
    const char* value;
    std::uint64_t first;
    std::uint64_t last;
    std::optional<std::uint64_t> size_bytes;
  };
  const Row rows[] = {
      {"bytes 10-19/200", 10, 19, 200},
      {"10-19/200", 10, 19, 200}, // docker-registry 0.9
      {"bytes 0-0/1", 0, 0, 1},
      {"bytes 10-19/*", 10, 19, std::nullopt},
      {"bytes 0-18446744073709551614/18446744073709551615", 0, 18446744073709551614U,
       18446744073709551615U},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    const auto range = parse_content_range(row.value);
    REQUIRE(range);
    CHECK(range->first == row.first);
    CHECK(range->last == row.last);
    CHECK(range->size_bytes == row.size_bytes);
  }
}

TEST_CASE("what is no content range is nothing") {
  for (const char* value :
       {"", "bytes", "bytes ", "bytes */200", "bytes 10-/200", "bytes -19/200", "bytes 19-10/200",
        "bytes 10-19", "bytes 10-19/", "bytes 10-19/x", "bytes 10-19/200 ", "lines 10-19/200",
        "bytes  10-19/200", "bytes 10 - 19/200", "bytes 18446744073709551616-9/1", "+1-2/3"}) {
    CAPTURE(value);
    CHECK_FALSE(parse_content_range(value));
  }
}

TEST_CASE("methods have their names") {
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
