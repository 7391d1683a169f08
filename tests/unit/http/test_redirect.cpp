// SPDX-License-Identifier: Apache-2.0
#include "http/redirect.hpp"
#include "support/failure.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::http;

namespace {

/// Where an answer of http://host:5000/v1/x sends a request; "" for nowhere.
std::string sent_to(Method method, int status, const std::string& location) {
  Request request;
  request.method = method;
  request.url = Url::parse("http://host:5000/v1/x");
  const auto target = redirect_target(request, status, {{"Location", location}}, request.url);
  return target ? target->to_string() : "";
}

} // namespace

TEST_SUITE_BEGIN("http/redirect");

TEST_CASE("GET and HEAD follow every redirect") {
  for (const auto method : {Method::get, Method::head}) {
    for (const int status : {301, 302, 303, 307, 308}) {
      CAPTURE(status);
      CHECK(sent_to(method, status, "https://cdn/y") == "https://cdn/y");
    }
    for (const int status : {200, 300, 304, 305, 306, 309, 404}) {
      CAPTURE(status);
      CHECK(sent_to(method, status, "https://cdn/y").empty());
    }
  }
}

TEST_CASE("writing requests follow redirects that keep the request the same") {
  for (const auto method : {Method::put, Method::post, Method::remove}) {
    for (const int status : {307, 308}) {
      CAPTURE(status);
      CHECK(sent_to(method, status, "https://cdn/y") == "https://cdn/y");
    }
    for (const int status : {301, 302, 303}) {
      CAPTURE(status);
      CHECK(sent_to(method, status, "https://cdn/y").empty());
    }
    CHECK(sent_to(method, 301, "/v1/x/") == "http://host:5000/v1/x/");
    CHECK(sent_to(method, 301, "https://host/v1/x") == "https://host/v1/x");
    CHECK(sent_to(method, 302, "/v1/x/").empty());
  }
}

TEST_CASE("a signed request is not led to another server") {
  Request request;
  request.url = Url::parse("http://host:5000/v1/x");
  request.sign = [](Request&) {};
  const auto target = [&](const char* location) {
    return redirect_target(request, 307, {{"Location", location}}, request.url);
  };
  CHECK(target("/v1/y")->to_string() == "http://host:5000/v1/y");
  for (const char* other :
       {"http://other:5000/v1/x", "https://host:5000/v1/x", "http://host/v1/x"}) {
    CAPTURE(other);
    CHECK_FALSE(target(other));
  }
}

TEST_CASE(
    "an answer without Location is no redirect, and a Location that is no http URL is refused") {
  Request request;
  request.url = Url::parse("http://host:5000/v1/x");
  CHECK_FALSE(redirect_target(request, 302, {}, request.url));
  CHECK(test::failure([] { sent_to(Method::get, 302, "file:///etc/passwd"); }) ==
        ErrorKind::protocol);
}

TEST_CASE("an authorization goes to the origin of its request, and to the server that named it") {
  Request request;
  request.url = Url::parse("https://host:5000/v1/x");
  const auto is_for = [&](const char* url) { return is_authorized_at(request, Url::parse(url)); };
  CHECK(is_for("https://host:5000/v1/y"));
  for (const char* other : {"https://host/v1/x", "http://host:5000/v1/x", "https://cdn:5000/v1/x",
                            "https://host.evil:5000/v1/x"}) {
    CAPTURE(other);
    CHECK_FALSE(is_for(other));
  }
  request.named_by = Url::parse("https://index/");
  CHECK(is_for("https://index/v1/x"));
  CHECK_FALSE(is_for("http://index/v1/x"));
}

TEST_SUITE_END();
