// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/fake_server.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/error.hpp>
#include <regctl/registry/v2/registry.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry;
using namespace regctl::test;

namespace {

using Names = std::vector<std::string>;

const std::string k_catalog = "GET /v2/_catalog?n=1000";

struct Run {
  FakeServer server{"https://reg.example"};
  std::optional<http::Credential> credential;
  v2::Registry registry{server, http::Url::parse("https://reg.example/"), "reg.example",
                        [this](const std::string&) { return credential; }};

  Names catalog() {
    Names all;
    registry.list_repositories(
        [&](const Names& names) { all.insert(all.end(), names.begin(), names.end()); });
    return all;
  }
};

} // namespace

TEST_SUITE_BEGIN("registry/v2/registry");

TEST_CASE("the catalog is read page by page") {
  Run run;
  run.server.on(
      k_catalog,
      {{200, R"({"repositories":["a"]})", {{"Link", "</v2/_catalog?last=a&n=1>; rel=\"next\""}}}});
  run.server.on("GET /v2/_catalog?last=a&n=1", {{200, R"({"repositories":["b"]})"}});
  CHECK(run.catalog() == Names{"a", "b"});
}

TEST_CASE("a closed catalog is told as that, whoever refuses it") {
  for (const int status : {401, 403, 404, 405, 501}) {
    Run run;
    run.server.on(k_catalog, {{status, "no"}});
    CHECK(failure([&] { run.catalog(); }) == ErrorKind::unsupported);
  }
  Run run;
  run.server.on(k_catalog, {v2_challenge(k_bearer)});
  run.server.on("GET https://auth.example/token?service=reg.example&scope=registry%3Acatalog%3A%2A",
                {{401, "no"}});
  CHECK(failure([&] { run.catalog(); }) == ErrorKind::unsupported);
  Run broken;
  broken.server.on(k_catalog, {{500}});
  CHECK(failure([&] { broken.catalog(); }) == ErrorKind::unavailable);
}

TEST_CASE("a login is checked by the ping") {
  Run run;
  run.credential = http::Credential{"bob", http::Secret("secret"), {}, ""};
  run.server.on("GET /v2/", {{200, "{}"}});
  CHECK_FALSE(run.registry.check_credential());
  Run basic;
  basic.credential = run.credential;
  basic.server.on("GET /v2/", [](const SeenRequest& request) {
    return request.authorization == k_v2_bob ? Reply{200} : v2_challenge("Basic realm=x");
  });
  CHECK(basic.registry.check_credential());
  basic.credential->password = http::Secret("wrong");
  CHECK(failure([&] { basic.registry.check_credential(); }) == ErrorKind::denied);
  Run bearer;
  bearer.credential = run.credential;
  bearer.server.on("GET /v2/", [](const SeenRequest& request) {
    return request.authorization.empty() ? v2_challenge(k_bearer) : Reply{200};
  });
  bearer.server.on("GET https://auth.example/token?service=reg.example&account=bob",
                   {{200, R"({"token":"one"})"}, {401}});
  CHECK(bearer.registry.check_credential());
}

TEST_CASE("a repository is opened without a request, and describes itself") {
  Run run;
  CHECK(run.registry.open("team/app")->describe() == "reg.example/team/app");
  CHECK(run.server.lines().empty());
}

TEST_SUITE_END();
