// SPDX-License-Identifier: Apache-2.0
#include "http/redact.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using regctl::http::redacted_lines;

TEST_SUITE_BEGIN("http/redact");

TEST_CASE("secrets in a line are replaced") {
  struct Row {
    const char* line;
    const char* shown;
  };
  const Row rows[] = {
      {"Authorization: Basic Ym9iOnM=", "Authorization: …"},
      {"authorization: Token signature=AB,repository=x", "authorization: …"},
      {"AUTHORIZATION:Basic Ym9iOnM=", "AUTHORIZATION: …"},
      {"Proxy-Authorization: Basic Ym9iOnM=", "Proxy-Authorization: …"},
      {"Cookie: node=7; b=c", "Cookie: …"},
      {"Set-Cookie: node=7; Path=/", "Set-Cookie: …"},
      {"X-Docker-Token: Token signature=AB", "X-Docker-Token: …"},
      {"x-amz-security-token: AB", "x-amz-security-token: …"},
      {"x-aws-ec2-metadata-token: AB==", "x-aws-ec2-metadata-token: …"},
      {"x-aws-ec2-metadata-token-ttl-seconds: 21600",
       "x-aws-ec2-metadata-token-ttl-seconds: 21600"},
      {"X-Docker-Token: true", "X-Docker-Token: true"}, // the client's wish for one
      {"WWW-Authenticate: Token signature=AB,access=read", "WWW-Authenticate: Token …"},
      {"WWW-Authenticate: Basic realm=\"x\"", "WWW-Authenticate: Basic realm=\"x\""},
      {"GET /v1/search?q=app&token=AB HTTP/1.1", "GET /v1/search?q=…&token=… HTTP/1.1"},
      {"GET /v1/search?AB HTTP/1.1", "GET /v1/search?… HTTP/1.1"},
      {"GET /v1/images/ab:c/json HTTP/1.1", "GET /v1/images/ab:c/json HTTP/1.1"},
      {"GET http://registry.example:5000/x?a=b HTTP/1.1",
       "GET http://registry.example:5000/x?a=… HTTP/1.1"},
      {"Location: https://store/x?signature=AB==&expires=9",
       "Location: https://store/x?signature=…&expires=…"},
      {"Location: https://bob:secret@store/x", "Location: https://…@store/x"},
      {"location: //bob:s@cret@store", "location: //…@store"},
      {"Location: /v1/a@b", "Location: /v1/a@b"},
      {"Location: /v1?signature=a b", "Location: /v1?signature=…"},
      {"Location: /v1?AB&c=1", "Location: /v1?…&c=…"},
      {"Location: bob:secret@store/x", "Location: …@store/x"},
      {"Location: /v1//a@b", "Location: /v1//a@b"},
      {"Location: https://store/a@b", "Location: https://store/a@b"},
      {"HTTP/1.1 200 OK", "HTTP/1.1 200 OK"},
      {"Content-Length: 12", "Content-Length: 12"},
      {"X-Docker-Endpoints: host:5000", "X-Docker-Endpoints: host:5000"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(redacted_lines(row.line) == std::vector<std::string>{row.shown});
  }
}

TEST_CASE("a head is shown line by line") {
  const std::vector<std::string> lines = {"GET / HTTP/1.1", "Host: a", "Cookie: …"};
  CHECK(redacted_lines("GET / HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\n\r\n") == lines);
  CHECK(redacted_lines("GET / HTTP/1.1\nHost: a\nCookie: b=c") == lines);
  CHECK(redacted_lines("").empty());
}

TEST_SUITE_END();
