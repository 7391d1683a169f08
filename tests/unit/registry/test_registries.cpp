// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/fake_server.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/registries.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

/// Registries of a run that reaches what `server` plays, and knows bob at reg.example.
struct Run {
  Run()
      : server("https://reg.example"), credentials([] {
          http::Credentials::Options options;
          options.by_host["reg.example"] = {"bob", http::Secret("secret"), {}, "a test"};
          return options;
        }()),
        registries(server, credentials, settings) {}

  Detected detect(const std::string& host, Registries::Ask ask = Registries::Ask::until_v1) {
    return registries.detect({host}, credentials.find("reg.example"), ask);
  }

  FakeServer server;
  http::Credentials credentials;
  http::Settings settings;
  Registries registries;
};

const http::Headers k_v1 = {{"X-Docker-Registry-Standalone", "True"},
                            {"X-Docker-Registry-Version", "0.9.1"}};
const http::Headers k_v2 = {{"Docker-Distribution-Api-Version", "registry/2.0"}};

} // namespace

TEST_SUITE_BEGIN("registry/registries");

TEST_CASE("a v1 host is recognised by its ping, which carries no password") {
  Run run;
  run.server.on("GET /v1/_ping", {{200, "true", k_v1}});
  const auto detected = run.detect("reg.example");
  CHECK(detected.base.origin() == "https://reg.example");
  REQUIRE(detected.v1);
  CHECK(detected.v1->standalone == true);
  CHECK(detected.v1->version == "0.9.1");
  CHECK_FALSE(detected.speaks_v2);
  CHECK(run.server.lines() == Lines{"GET /v1/_ping"});
  CHECK(run.server.seen()[0].authorization.empty());
}

TEST_CASE("every value of X-Docker-Registry-Standalone is understood") {
  struct Row {
    std::optional<std::string> value;
    std::optional<bool> standalone;
  };
  const Row rows[] = {{"True", true},   {"true", true},   {"1", true},
                      {"mirror", true}, {"False", false}, {std::nullopt, std::nullopt}};
  for (const auto& row : rows) {
    Run run;
    http::Headers headers;
    if (row.value) {
      headers.add("X-Docker-Registry-Standalone", *row.value);
    }
    run.server.on("GET /v1/_ping", {{200, "true", headers}});
    CHECK(run.detect("reg.example").v1.value().standalone == row.standalone);
  }
}

TEST_CASE("an old registry answers at /_ping, and a web server with a page for every path is no "
          "registry") {
  Run run;
  run.server.on("GET /_ping", {{200, "true"}});
  CHECK(run.detect("reg.example").v1);
  run.server.on("GET /v1/_ping", {{200, "<html>welcome</html>"}});
  CHECK_FALSE(run.detect("reg.example").v1);
}

TEST_CASE("a proxy that guards the ping gets Basic") {
  Run run;
  run.server.on("GET /v1/_ping", [](const SeenRequest& request) {
    return request.authorization == "Basic Ym9iOnNlY3JldA==" ? Reply{200, "true", k_v1}
                                                             : Reply{401};
  });
  CHECK(run.detect("reg.example").v1);
  run.server.on("GET /v1/_ping", {{401}});
  CHECK(failure([&] { run.detect("reg.example"); }) == ErrorKind::denied);
}

TEST_CASE("v2 is looked for if there is no v1, or if everything is asked") {
  Run run;
  run.server.on("GET /v2/", {{401, "", k_v2}});
  CHECK(run.detect("reg.example").speaks_v2);
  run.server.on("GET /v1/_ping", {{401, "", k_v2}}); // a guard before all of its paths
  CHECK(run.detect("reg.example").speaks_v2);
  run.server.on("GET /v1/_ping", {{200, "true", k_v1}});
  CHECK_FALSE(run.detect("reg.example").speaks_v2);
  CHECK(run.detect("reg.example", Registries::Ask::everything).speaks_v2);
}

TEST_CASE("a loopback host is asked by http, then by https") {
  Run run;
  run.server.on("GET http://127.0.0.1:5000/v1/_ping", {{200, "true", k_v1}});
  CHECK(run.detect("127.0.0.1:5000").base.scheme == "http");
  run.server.on("GET http://127.0.0.1:5000/v1/_ping",
                {{400, "Client sent an HTTP request to an HTTPS server."}});
  run.server.on("GET https://127.0.0.1:5000/v1/_ping", {{200, "true", k_v1}});
  CHECK(run.detect("127.0.0.1:5000").base.scheme == "https");
}

TEST_CASE("an insecure host is asked by https, then by http") {
  Run run;
  http::RegistrySettings insecure;
  insecure.insecure = true;
  run.settings.add("old.example", insecure);
  run.server.on("GET http://old.example/v1/_ping", {{200, "true", k_v1}});
  run.server.on("GET https://old.example/v1/_ping", {no_answer()});
  run.server.obstacle = http::Obstacle::wrong_scheme;
  CHECK(run.detect("old.example").base.scheme == "http");
  run.server.obstacle = http::Obstacle::certificate; // it is there, and speaks TLS
  CHECK(failure([&] { run.detect("old.example"); }) == ErrorKind::unavailable);
}

TEST_CASE("every other host is asked by https only") {
  Run run;
  run.server.on("GET /v1/_ping", {no_answer()});
  run.server.on("GET http://reg.example/v1/_ping", {{200, "true", k_v1}});
  CHECK(failure([&] { run.detect("reg.example"); }) == ErrorKind::unavailable);
  CHECK(run.server.seen("GET http://reg.example/v1/_ping").empty());
}

TEST_CASE("a host is asked once for a whole run") {
  Run run;
  run.server.on("GET /v1/_ping", {{200, "true", k_v1}});
  auto& first = run.registries.v1({"reg.example"});
  CHECK(&run.registries.v1({"reg.example"}) == &first);
  CHECK(run.server.lines().size() == 1);
}

TEST_CASE("the error for a host that is no v1 registry says what it is") {
  Run run;
  CHECK(failure([&] { run.registries.v1({"reg.example"}); }) == ErrorKind::protocol);
  run.server.on("GET /v2/", {{200, "", k_v2}});
  CHECK(failure([&] { run.registries.v1({"reg.example"}); }) == ErrorKind::unsupported);
  run.server.on("GET /v1/_ping", {{503, "later"}});
  CHECK(failure([&] { run.registries.v1({"reg.example"}); }) == ErrorKind::unavailable);
}

TEST_CASE("v2 is known by its header, by JSON, or by a challenge; a page for every path is none") {
  struct Row {
    Reply reply;
    bool is_v2;
  };
  const Row rows[] = {{{200, "", k_v2}, true},
                      {{200, "{}"}, true},
                      {{200, "<html>welcome</html>"}, false},
                      {{200, ""}, false},
                      {{401, "", {{"WWW-Authenticate", "Negotiate"}}}, true},
                      {{401, "", {{"WWW-Authenticate", "Bearer realm=\"https://a/t\""}}}, true},
                      {{401, "", {{"WWW-Authenticate", "Token"}}}, false}, // v1's
                      {{401}, false},
                      {{404, "{}"}, false},
                      {{404, "", k_v2}, false}};
  for (const auto& row : rows) {
    Run run;
    run.server.on("GET /v2/", {row.reply});
    CHECK(run.detect("reg.example").speaks_v2 == row.is_v2);
  }
}

TEST_CASE("a proxy that guards the ping of v2 gets Basic, a token service's challenge does not") {
  Run run;
  run.server.on("GET /v2/", [](const SeenRequest& request) {
    return request.authorization.empty() ? Reply{401, "", {{"WWW-Authenticate", "Basic realm=x"}}}
                                         : Reply{404};
  });
  run.server.on("GET /v1/_ping", {{200, "true", k_v1}});
  CHECK(run.registries.protocols({"reg.example"}) == std::vector{Protocol::v1});
  Run bearer;
  bearer.server.on("GET /v2/", {{401, "", {{"WWW-Authenticate", "Bearer realm=\"https://a/t\""}}}});
  CHECK(bearer.registries.protocols({"reg.example"}) == std::vector{Protocol::v2});
  for (const auto& request : bearer.server.seen("GET /v2/")) {
    CHECK(request.authorization.empty());
  }
}

TEST_CASE("a host that speaks both protocols is asked once for each") {
  Run run;
  run.server.on("GET /v1/_ping", {{200, "true", k_v1}});
  run.server.on("GET /v2/", {{200, "{}", k_v2}});
  const RegistryHost host{"reg.example"};
  CHECK(run.registries.protocols(host) == std::vector{Protocol::v2, Protocol::v1});
  CHECK(run.registries.protocols(host).size() == 2);
  run.registries.v1(host);
  CHECK(&run.registries.v2(host) == &run.registries.v2(host));
  CHECK(run.server.lines() == Lines{"GET /v2/", "GET /v1/_ping"});
}

TEST_CASE("what fails of v1 does not matter where v2 is spoken") {
  for (const int status : {401, 503, 404}) {
    Run run;
    run.server.on("GET /v1/_ping", {{status}});
    run.server.on("GET /v2/", {{200, "{}"}});
    CHECK(run.registries.protocols({"reg.example"}) == std::vector{Protocol::v2});
  }
  Run broken;
  broken.server.on("GET /v1/_ping", {no_answer(ErrorKind::protocol)});
  broken.server.on("GET /v2/", {{200, "{}"}});
  CHECK(broken.registries.protocols({"reg.example"}) == std::vector{Protocol::v2});
  Run run;
  CHECK(failure([&] { run.registries.protocols({"reg.example"}); }) == ErrorKind::protocol);
  run.server.on("GET /v1/_ping", {{503}});
  CHECK(failure([&] { run.registries.protocols({"reg.example"}); }) == ErrorKind::unavailable);
}

TEST_CASE("a guard that refuses both pings is no registry of v2") {
  Run run;
  const http::Headers challenge = {{"WWW-Authenticate", "Basic realm=x"}};
  run.server.on("GET /v1/_ping", {{401, "", challenge}});
  run.server.on("GET /v2/", {{401, "", challenge}});
  CHECK(failure([&] { run.registries.protocols({"reg.example"}); }) == ErrorKind::denied);
  run.server.on("GET /v1/_ping", {{404}}); // a guard before v2 alone
  CHECK(run.registries.protocols({"reg.example"}) == std::vector{Protocol::v2});
  Run named;
  named.server.on("GET /v1/_ping", {{401, "", challenge}});
  named.server.on("GET /v2/", {{401, "", k_v2}});
  CHECK(named.registries.protocols({"reg.example"}) == std::vector{Protocol::v2});
}

TEST_CASE("a login asks a host that is known no second time") {
  Run run;
  run.server.on("GET /v1/_ping", {{200, "true", k_v1}});
  run.server.on("GET /v2/", {{200, "{}", k_v2}});
  const RegistryHost host{"reg.example"};
  run.registries.protocols(host);
  const http::Credential credential = {"eve", http::Secret("other"), {}, "a test"};
  static_cast<void>(run.registries.connect(host, credential));
  static_cast<void>(run.registries.connect_v2(host, credential));
  CHECK(run.server.lines() == Lines{"GET /v2/", "GET /v1/_ping"});
}

TEST_CASE("a forced protocol is asked for alone") {
  Run run;
  run.server.on("GET /v2/", {{200, "{}"}});
  run.registries.v2({"reg.example"});
  CHECK(run.server.lines() == Lines{"GET /v2/"});
  Run other;
  other.server.on("GET /v1/_ping", {{200, "true", k_v1}});
  CHECK(failure([&] { other.registries.v2({"reg.example"}); }) == ErrorKind::protocol);
  CHECK(other.server.lines() == Lines{"GET /v2/"});
  other.server.on("GET /v2/", {{503}});
  CHECK(failure([&] { other.registries.v2({"reg.example"}); }) == ErrorKind::unavailable);
}

TEST_CASE("docker.io is asked at the host of its API, and for v2 alone") {
  Run run;
  run.server.on("GET https://registry-1.docker.io/v2/",
                {{401, "", {{"WWW-Authenticate", "Bearer realm=\"https://a/t\""}}}});
  CHECK(run.registries.protocols({"docker.io"}) == std::vector{Protocol::v2});
  CHECK(run.server.lines().size() == 1);
  CHECK(run.registries.v2({"docker.io"}).open("app")->describe() == "docker.io/app");
}

TEST_CASE("a loopback host is asked for v2 by http, then by https") {
  Run run;
  run.server.on("GET http://127.0.0.1:5000/v2/", {{200, "{}"}});
  CHECK(run.registries.v2({"127.0.0.1:5000"}).base().scheme == "http");
  CHECK(run.server.lines().size() == 1); // the answer that chose the scheme serves as the ping
}

TEST_CASE("a registry for a login has the credential that is given") {
  Run run;
  run.server.on("GET /v2/", {{200, "{}"}});
  CHECK_FALSE(run.registries.connect_v2({"reg.example"}, std::nullopt)->check_credential());
}

TEST_SUITE_END();
