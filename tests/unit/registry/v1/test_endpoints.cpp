// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/endpoints.hpp"
#include "support/fake_server.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/message.hpp>
#include <regctl/http/url.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;
using namespace regctl::test;

namespace {

using Origins = std::vector<std::string>;

http::Url url(const std::string& origin) {
  return http::Url::parse(origin + "/");
}

Origins origins_in(const std::string& value, const std::string& base = "http://host:5000") {
  http::Response response;
  response.headers.add("X-Docker-Endpoints", value);
  Origins origins;
  for (const auto& named : named_endpoints(response, url(base))) {
    origins.push_back(named.origin());
  }
  return origins;
}

/// A registry at host:5000 that names two hosts, of which the first is dead.
struct Hosts {
  Hosts() : server("http://host:5000"), endpoints(server, url("http://host:5000"), {}) {
    server.on("HEAD http://dead:5000/v1/_ping", {no_answer()});
    server.on("HEAD http://cdn:5000/v1/_ping", {{200}});
  }

  std::string choose(const std::vector<http::Url>& hosts) {
    const auto chosen = endpoints.choose(hosts);
    return chosen ? chosen->origin() : "the registry";
  }

  FakeServer server;
  Endpoints endpoints;
  const std::vector<http::Url> named = {url("http://dead:5000"), url("http://cdn:5000")};
  const std::vector<http::Url> dead = {url("http://dead:5000")};
};

} // namespace

TEST_SUITE_BEGIN("registry/v1/endpoints");

TEST_CASE("endpoints are a list of hosts, reached by the registry's scheme") {
  CHECK(origins_in("a:5000") == Origins{"http://a:5000"});
  CHECK(origins_in(" a:5000 ,\tb ", "https://host") == Origins{"https://a:5000", "https://b"});
  CHECK(origins_in("").empty());
  CHECK(origins_in(",,a:5000,http://b/c,d e,") == Origins{"http://a:5000"});
  CHECK(named_endpoints({}, url("http://host:5000")).empty());
}

TEST_CASE("no more than eight endpoints are taken") {
  CHECK(origins_in("a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9").size() == 8);
}

TEST_CASE("the first endpoint that answers is chosen, and each is asked once") {
  Hosts hosts;
  CHECK(hosts.choose(hosts.named) == "http://cdn:5000");
  CHECK(hosts.choose(hosts.named) == "http://cdn:5000");
  CHECK(hosts.server.lines() ==
        Origins{"HEAD http://dead:5000/v1/_ping", "HEAD http://cdn:5000/v1/_ping"});
}

TEST_CASE("any answer but a gateway error shows that a host is there") {
  for (const int status : {200, 401, 404, 500, 501}) {
    Hosts hosts;
    hosts.server.on("HEAD http://dead:5000/v1/_ping", {{status}});
    CHECK(hosts.choose(hosts.named) == "http://dead:5000");
  }
  for (const int status : {502, 503, 504}) {
    Hosts hosts;
    hosts.server.on("HEAD http://dead:5000/v1/_ping", {{status}});
    CHECK(hosts.choose(hosts.named) == "http://cdn:5000");
  }
}

TEST_CASE("a registry that names itself or no endpoint is asked itself and not pinged") {
  Hosts hosts;
  CHECK(hosts.choose({}) == "the registry");
  CHECK(hosts.choose({url("http://host:5000"), url("http://cdn:5000")}) == "the registry");
  CHECK(hosts.server.lines().empty());
}

TEST_CASE("a dead endpoint is asked again after a while if there is no other") {
  Hosts hosts;
  CHECK(hosts.choose(hosts.dead) == "the registry");
  CHECK(hosts.choose(hosts.dead) == "the registry");
  CHECK(hosts.server.lines().size() == 1);
  hosts.server.told.stall_timeout = std::chrono::milliseconds(0);
  hosts.server.on("HEAD http://dead:5000/v1/_ping", {{200}});
  CHECK(hosts.choose(hosts.dead) == "http://dead:5000");
}

TEST_CASE("wrong settings and an interruption do not make an endpoint dead") {
  for (const auto kind : {ErrorKind::usage, ErrorKind::interrupted}) {
    Hosts hosts;
    hosts.server.on("HEAD http://dead:5000/v1/_ping", {no_answer(kind)});
    try {
      hosts.choose(hosts.named);
      FAIL("it was passed over");
    } catch (const Error& error) {
      CHECK(error.kind() == kind);
    }
  }
}

TEST_SUITE_END();
