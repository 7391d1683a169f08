// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/fake_server.hpp"
#include "unit/registry/v1/v1_host.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

const std::string k_id(64, 'a');

struct WholeRegistry : V1Host {
  Registry registry() {
    return {server, base, "host:5000", [this](const std::string&) { return credential; }, ping};
  }

  /// What list_all_tags() tells: "NAME TAG ID" or "NAME TAG -"; nothing if there is no listing.
  std::optional<Lines> all_tags() {
    Lines told;
    const bool is_whole = registry().list_all_tags(
        [&](const std::string& name, const std::string& tag, const std::optional<std::string>& id) {
          told.push_back(name + " " + tag + " " + id.value_or("-"));
        });
    return is_whole ? std::optional(told) : std::nullopt;
  }
};

} // namespace

TEST_SUITE_BEGIN("registry/v1/registry");

TEST_CASE("a search is an index request") {
  WholeRegistry host;
  host.server.on("GET /v1/search?q=app", {{200, R"({"results": [{"name": "library/app"}]})"}});
  const auto hits = host.registry().search("app");
  REQUIRE(hits);
  REQUIRE(hits->size() == 1);
  CHECK(hits->front().name == "app");
  CHECK(host.server.seen().front().authorization == k_bob);
  CHECK(host.server.seen().front().headers.find("X-Docker-Token") == "true");
}

TEST_CASE("a quoted name is decoded until a repository answers, and a denied one does not count") {
  WholeRegistry host;
  host.server.on("GET /v1/search?q=app", {{200, R"({"results": [{"name": "team/a%2Fb"}]})"}});
  host.server.on("GET /v1/repositories/team/a/b/tags", {{403}});
  host.server.on("GET /v1/repositories/team/a%252Fb/tags", {{200, "{}"}});
  CHECK(host.registry().search("app").value().front().name == "team/a%2Fb");
}

TEST_CASE("all tags are listed if the server has such a listing") {
  WholeRegistry host;
  CHECK_FALSE(host.all_tags());
  host.server.on("GET /v1/repositories",
                 {{200, R"({"library/app:1.0": ")" + k_id + R"(", "team/b": ")" + k_id +
                            R"(", "c:bad": null, "error": "none of ours"})"}});
  CHECK(host.all_tags() == Lines{"app 1.0 " + k_id, "team/b latest " + k_id, "c bad -"});
  host.server.on("GET /v1/repositories", {{200, R"({"app:1.0": ")" + k_id}});
  CHECK_FALSE(host.all_tags());
}

TEST_CASE("a credential is confirmed only by a server that checks it") {
  const auto line = "GET /v1/users/";
  WholeRegistry host;
  CHECK_FALSE(host.registry().check_credential()); // no users there
  host.server.on(line, {{200}});
  CHECK_FALSE(host.registry().check_credential()); // everybody is let in
  host.server.on(line, [](const SeenRequest& request) {
    return request.authorization == k_bob ? Reply{200} : Reply{401};
  });
  CHECK(host.registry().check_credential());
  host.server.on(line, {{401}});
  CHECK(failure([&] { host.registry().check_credential(); }) == ErrorKind::denied);
  host.server.on(line, {{500}});
  CHECK(failure([&] { host.registry().check_credential(); }) == ErrorKind::unavailable);
}

TEST_CASE("the access of a repository is read and set") {
  WholeRegistry host;
  const std::string path = "/v1/repositories/team/app/properties";
  host.server.on("GET " + path, {{200, R"({"access": "private"})"}, {200, R"({})"}});
  CHECK(host.registry().access("team/app") == RepositoryAccess::restricted);
  CHECK(host.registry().access("team/app") == RepositoryAccess::open);
  host.server.on("PUT " + path, {{200}});
  host.registry().set_access("team/app", RepositoryAccess::restricted);
  CHECK(host.server.seen().back().body == R"({"access": "private"})");
  CHECK(failure([&] { host.registry().access("team/other"); }) == ErrorKind::not_found);
}

TEST_SUITE_END();
