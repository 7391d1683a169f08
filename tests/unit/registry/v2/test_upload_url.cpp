// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/upload_url.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

std::string upload_url(V2Host& host, const std::string& location) {
  http::Response response;
  response.headers.add("Location", location);
  auto asked = host.base;
  asked.target = "/v2/team/app/blobs/uploads/";
  return find_upload_url(*host.session(), asked, response)->to_string();
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/upload_url");

TEST_CASE("a Location is resolved, its state kept byte for byte") {
  V2Host host("reg.example:5000");
  CHECK(upload_url(host, "/v2/x?_state=a%2Bb%3d&c=%2f") ==
        "https://reg.example:5000/v2/x?_state=a%2Bb%3d&c=%2f");
  CHECK(upload_url(host, "uuid?_state=1") ==
        "https://reg.example:5000/v2/team/app/blobs/uploads/uuid?_state=1");
  CHECK(upload_url(host, "https://storage.example/x") == "https://storage.example/x");
}

TEST_CASE("the registry's own host keeps its scheme, and a port that was lost") {
  V2Host host("reg.example:5000");
  CHECK(upload_url(host, "http://reg.example:8080/x") == "https://reg.example:5000/x");
  CHECK(upload_url(host, "http://reg.example/x") == "https://reg.example:5000/x");
  CHECK(upload_url(host, "https://reg.example/x") == "https://reg.example:5000/x");
  CHECK(upload_url(host, "https://reg.example:6000/x") == "https://reg.example:6000/x");
  V2Host plain("reg.example:5000", "http");
  CHECK(upload_url(plain, "http://reg.example/x") == "http://reg.example:5000/x");
  CHECK(upload_url(plain, "https://reg.example:5000/x") == "http://reg.example:5000/x");
  CHECK(upload_url(plain, "https://reg.example:6000/x") == "https://reg.example:6000/x");
}

TEST_CASE("the digest is added to the query, whatever that is") {
  const auto digest = oci::Digest::of("");
  const auto added = "digest=" + http::percent_encode(digest.to_string());
  for (const auto& [target, separator] : {std::pair("/x", "?"), std::pair("/x?", ""),
                                          std::pair("/x?a=b", "&"), std::pair("/x?a=b&", "")}) {
    auto url = http::Url::parse("https://reg.example/");
    url.target = target;
    CHECK(with_digest(url, digest).target == target + std::string(separator) + added);
  }
}

TEST_CASE("no Location is none, and a cancelled upload may fail") {
  V2Host host;
  CHECK_FALSE(find_upload_url(*host.session(), host.base, http::Response()));
  cancel_upload(*host.session(), std::nullopt);
  CHECK(host.server.lines().empty());
  host.server.guard = [](const SeenRequest&) { return std::optional(no_answer()); };
  cancel_upload(*host.session(), http::Url::parse("https://reg.example/x"));
  CHECK(host.server.lines() == std::vector<std::string>{"DELETE /x"});
}

TEST_SUITE_END();
