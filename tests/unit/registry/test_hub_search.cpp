// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/fake_server.hpp"

#include <regctl/registry/hub_search.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::test;
using regctl::registry::search_hub;

namespace {

const std::string k_two_of_many =
    R"({"num_pages": 47, "num_results": 93, "page": 1, "page_size": 2, "query": "web", "results": [)"
    R"({"name": "library/nginx", "description": "a server", "star_count": 17000, "is_official": true,)"
    R"( "is_automated": false}, {"name": "team/web", "description": "", "star_count": 0,)"
    R"( "is_official": false, "is_automated": true}]})";

} // namespace

TEST_SUITE_BEGIN("registry/hub_search");

TEST_CASE("Docker Hub's best results come first, and their number is told") {
  FakeServer hub("https://index.docker.io");
  hub.on("GET /v1/search?q=web%20server&n=2", {{200, k_two_of_many}});
  const auto found = search_hub(hub, "web server", 2);
  CHECK(found.all == 93);
  REQUIRE(found.hits.size() == 2);
  CHECK(found.hits[0].name == "nginx");
  CHECK(found.hits[0].description == "a server");
  CHECK(found.hits[0].stars == 17000);
  CHECK(found.hits[0].is_official);
  CHECK(found.hits[1].name == "team/web");
  CHECK(found.hits[1].is_automated);
}

TEST_CASE("more results than were wanted are cut, and none are none") {
  FakeServer hub("https://index.docker.io");
  hub.on("GET /v1/search?q=web&n=1", {{200, k_two_of_many}});
  CHECK(search_hub(hub, "web", 1).hits.size() == 1);
  hub.on("GET /v1/search?q=none&n=1", {{200, R"({"num_results": 0, "results": []})"}});
  CHECK(search_hub(hub, "none", 1).hits.empty());
  CHECK(search_hub(hub, "none", 1).all == 0);
}

TEST_CASE("what is no search is an error") {
  FakeServer hub("https://index.docker.io");
  CHECK(failure([&] { search_hub(hub, "", 1); }) == ErrorKind::usage);
  CHECK(hub.lines().empty());
  hub.on("GET /v1/search?q=a&n=1", {{200, "<html>"}});
  CHECK(failure([&] { search_hub(hub, "a", 1); }) == ErrorKind::protocol);
  hub.on("GET /v1/search?q=b&n=1", {{429, ""}});
  CHECK(failure([&] { search_hub(hub, "b", 1); }) == ErrorKind::unavailable);
}

TEST_SUITE_END();
