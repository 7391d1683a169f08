// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/pages.hpp"
#include "support/failure.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

using Names = std::vector<std::string>;

const std::string k_list = "/v2/team/app/tags/list";
const std::string k_first = "GET " + k_list + "?n=1000";

Reply page(const std::string& names, const std::string& next = "") {
  Reply reply{200, R"({"name":"team/app","tags":[)" + names + "]}"};
  if (!next.empty()) {
    reply.headers.add("Link", "<" + next + ">; rel=\"next\"");
  }
  return reply;
}

Names read_all(V2Host& host) {
  Names all;
  const auto session = host.session();
  read_pages(*session, session->request(http::Method::get, "tags/list"), k_page_size, {},
             "the list", [&](WholeAnswer& answer) {
               if (answer.response.status != 200) {
                 session->fail(answer.response, "cannot list");
               }
               for (auto& name : read_names(answer.body, "tags", "a page")) {
                 all.push_back(std::move(name));
               }
             });
  return all;
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/pages");

TEST_CASE("pages are followed by Link alone, its query byte for byte") {
  V2Host host;
  host.server.on(k_first,
                 {page(R"("a")", "https://reg.example/v2/team/app/tags/list?last=x%3D%3d")});
  host.server.on("GET " + k_list + "?last=x%3D%3d", {page(R"("b")", "?next_page=gAAA%3D")});
  host.server.on("GET " + k_list + "?next_page=gAAA%3D", {page(R"("c")")});
  CHECK(read_all(host) == Names{"a", "b", "c"});
}

TEST_CASE("a Link of a proxy that ends TLS leads to the registry") {
  V2Host host;
  host.server.on(k_first, {page(R"("a")", "http://reg.example:8080/v2/x")});
  host.server.on("GET /v2/x", {page(R"("b")")});
  CHECK(read_all(host) == Names{"a", "b"});
}

TEST_CASE("a page at another host is not asked for, and fails the list") {
  V2Host host;
  host.server.on(k_first, {page(R"("a")", "https://other.example/v2/x")});
  CHECK(failure([&] { read_all(host); }) == ErrorKind::protocol);
  CHECK(host.server.lines().size() == 1);
}

TEST_CASE("pages in a circle fail the list, soon") {
  V2Host host;
  host.server.on(k_first, {page(R"("a")", "/1")});
  host.server.on("GET /1", {page(R"("b")", "/2")});
  host.server.on("GET /2", {page(R"("c")", "/3")});
  host.server.on("GET /3", {page(R"("d")", "/1")});
  CHECK(failure([&] { read_all(host); }) == ErrorKind::protocol);
  CHECK(host.server.lines().size() < 15);
  V2Host self;
  self.server.on(k_first, {page(R"("a")", "?n=1000")});
  CHECK(failure([&] { read_all(self); }) == ErrorKind::protocol);
  CHECK(self.server.lines().size() == 1);
}

TEST_CASE("pages that are the same under ever new addresses fail the list, soon") {
  V2Host host;
  host.server.on(k_first, {page(R"("a")", "/0")});
  for (int i = 0; i < 1000; ++i) {
    host.server.on("GET /" + std::to_string(i), {page(R"("b")", "/" + std::to_string(i + 1))});
  }
  CHECK(failure([&] { read_all(host); }) == ErrorKind::protocol);
  CHECK(host.server.lines().size() < 200);
}

TEST_CASE("several empty pages may lead on") {
  V2Host host;
  host.server.on(k_first, {page("", "/0")});
  for (int i = 0; i < 20; ++i) {
    host.server.on("GET /" + std::to_string(i), {page("", "/" + std::to_string(i + 1))});
  }
  host.server.on("GET /20", {page(R"("a")")});
  CHECK(read_all(host) == Names{"a"});
}

TEST_CASE("a registry that does not know the size of pages is asked without it") {
  V2Host host;
  host.server.on(k_first, {v2_error(400, "PAGINATION_NUMBER_INVALID")});
  host.server.on("GET " + k_list, {page(R"("a")")});
  CHECK(read_all(host) == Names{"a"});
}

TEST_CASE("what is no name is left out, and an absent list is an empty one") {
  CHECK(read_names(R"({"tags":["a",null,1,["b"],{"c":"d"},"e"],"child":["f"]})", "tags",
                   "a page") == Names{"a", "e"});
  CHECK(read_names(R"({"tags":null})", "tags", "a page").empty());
  CHECK(read_names("{}", "tags", "a page").empty());
  CHECK(failure([] { read_names("[]", "tags", "a page"); }) == ErrorKind::protocol);
  CHECK(failure([] { read_names("<html>", "tags", "a page"); }) == ErrorKind::protocol);
}

TEST_SUITE_END();
