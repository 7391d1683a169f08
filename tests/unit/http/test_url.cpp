// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/http/url.hpp>

#include <doctest/doctest.h>

#include <string>

using regctl::Error;
using regctl::ErrorKind;
using regctl::http::percent_encode;
using regctl::http::Url;

TEST_SUITE_BEGIN("http/url");

TEST_CASE("parse keeps path and query as written and normalises the rest") {
  struct Row {
    const char* written;
    const char* text;
    const char* host;
    int port;
  };
  const Row rows[] = {
      {"http://host", "http://host/", "host", 80},
      {"HTTPS://Host:443/A?b=C%2f", "https://host/A?b=C%2f", "host", 443},
      {"http://host:443/", "http://host:443/", "host", 443},
      {"http://127.0.0.1:5000/v1/_ping", "http://127.0.0.1:5000/v1/_ping", "127.0.0.1", 5000},
      {"http://[::1]:5000/x", "http://[::1]:5000/x", "::1", 5000},
      {"https://[FE80::1%eth0]", "https://[fe80::1%eth0]/", "fe80::1%eth0", 443},
      {"http://host:/x", "http://host/x", "host", 80},
      {"http://host?a=b", "http://host/?a=b", "host", 80},
      {"http://host/a#part", "http://host/a", "host", 80},
      {"http://host/a b\xc3\xbc\r\n", "http://host/a%20b%C3%BC%0D%0A", "host", 80},
      {"http://bob:pw@host/x", "http://host/x", "host", 80},
      {"http://bob@evil:pw@host/x", "http://host/x", "host", 80},
      {"http://under_score.example./x", "http://under_score.example./x", "under_score.example.",
       80},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto url = Url::parse(row.written);
    CHECK(url.to_string() == row.text);
    CHECK(url.host == row.host);
    CHECK(url.port == row.port);
    CHECK(Url::parse(url.to_string()) == url);
  }
}

TEST_CASE("parse refuses all but http URLs and does not repeat secrets") {
  struct Row {
    const char* written;
    const char* message;
  };
  const Row rows[] = {
      {"", "'' is not an http URL"},
      {"host:5000", "'host:5000' is not an http URL"},
      {"ftp://bob:pw@host/x", "'ftp://…@host/x' is not an http URL"},
      {"http://bob:pw@ho st/x?sig=abc&y", "'http://…@ho st/x?sig=…&…' is not an http URL"},
      {"http:///path", "'http:///path' is not an http URL"},
      {"http://host:0/", "'http://host:0/' is not an http URL"},
      {"http://host:65536/", "'http://host:65536/' is not an http URL"},
      {"http://host:5x/", "'http://host:5x/' is not an http URL"},
      {"http://host:-5/", "'http://host:-5/' is not an http URL"},
      {"http://[::1/", "'http://[::1/' is not an http URL"},
      {"http://[zz]/", "'http://[zz]/' is not an http URL"},
      {"http://[::1]x/", "'http://[::1]x/' is not an http URL"},
      {"http://::1/", "'http://::1/' is not an http URL"},
      {"http://a\nb/", "'http://a\\nb/' is not an http URL"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    try {
      Url::parse(row.written);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message() == row.message);
    }
  }
}

TEST_CASE("resolve follows RFC 3986 section 5.4") {
  const auto base = Url::parse("http://a/b/c/d?q");
  struct Row {
    const char* reference;
    const char* text;
  };
  const Row rows[] = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"//G:81/x", "http://g:81/x"},
      {"?y", "http://a/b/c/d?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d?q"},
      {"g#s", "http://a/b/c/g"},
      {"", "http://a/b/c/d?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"g:80/x?a:b", nullptr},
      {"./g:80", "http://a/b/c/g:80"},
      {"https://other/x/../y?z=1", "https://other/y?z=1"},
      {"HTTP://A/x", "http://a/x"},
      {"ftp://other/x", nullptr},
      {"file:///etc/passwd", nullptr},
      {"//", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reference);
    if (row.text == nullptr) {
      CHECK_THROWS_AS((void)base.resolve(row.reference), Error);
    } else {
      CHECK(base.resolve(row.reference).to_string() == row.text);
    }
  }
}

TEST_CASE("a unix socket stays with its origin") {
  auto base = Url::parse("http://docker/v1.41/images");
  base.unix_socket = "/run/docker.sock";
  CHECK(base.resolve("/x").unix_socket == "/run/docker.sock");
  CHECK(base.resolve("http://docker/x").unix_socket == "/run/docker.sock");
  CHECK(base.resolve("http://other/x").unix_socket.empty());
}

TEST_CASE("redacted hides the values of a query") {
  struct Row {
    const char* written;
    const char* text;
  };
  const Row rows[] = {
      {"http://host:5000/x", "http://host:5000/x"},
      {"http://host/x?a=1&sig=a=b&c&=d", "http://host/x?a=…&sig=…&…&=…"},
      {"http://host/x?", "http://host/x?"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    CHECK(Url::parse(row.written).redacted() == row.text);
  }
}

TEST_CASE("percent_encode leaves only unreserved characters") {
  CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encode("a/b c%\xc3\xbc+&=") == "a%2Fb%20c%25%C3%BC%2B%26%3D");
  CHECK(percent_encode(std::string("\0", 1)) == "%00");
}

TEST_SUITE_END();
