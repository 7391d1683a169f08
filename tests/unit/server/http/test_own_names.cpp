// SPDX-License-Identifier: Apache-2.0
#include "server/http/own_names.hpp"
#include "support/fake_request.hpp"

#include <regctl/base/error.hpp>
#include <regctl/server/server.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::server;
using test::FakeRequest;

namespace {

bool is_let_in(const OwnNames& names, const std::map<std::string, std::string>& headers) {
  const auto refusal = names.refuse_foreign(FakeRequest("GET", "/v1/_ping", headers));
  CHECK((!refusal || refusal->status == 403));
  return !refusal;
}

} // namespace

TEST_SUITE_BEGIN("server/http/own_names");

TEST_CASE("with names given, a request for another server is refused") {
  const OwnNames names({"Registry.Example", "other.example:5000"}, Exposure::guarded);
  struct Row {
    const char* host;
    bool is_own;
  };
  const Row rows[] = {
      {"registry.example", true},
      {"REGISTRY.example:443", true},
      {"registry.example.", true},
      {"registry.example.:5000", true},
      {"other.example:5000", true},
      {"other.example", false},
      {"other.example:5001", false},
      {"evil.example", false},
      {"registry.example.evil", false},
      {"xregistry.example", false},
      {"localhost:5000", true},
      {"LOCALHOST", true},
      {"127.0.0.1:5000", true},
      {"[::1]:5000", true},
      {"127.0.0.1.evil.example", false},
      {"localhost.evil.example", false},
      {"192.0.2.1", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.host);
    CHECK(is_let_in(names, {{"Host", row.host}}) == row.is_own);
  }
  CHECK(is_let_in(names, {})); // HTTP/1.0
}

TEST_CASE("pages of other servers cannot use a registry that is open to all local clients") {
  const OwnNames names({}, Exposure::loopback);
  using Headers = std::map<std::string, std::string>;
  const Headers foreign[] = {
      {{"Host", "127.0.0.1:5000"}, {"Origin", "http://evil.example"}},
      {{"Host", "127.0.0.1:5000"}, {"Origin", "null"}},
      {{"Host", "127.0.0.1:5000"}, {"Origin", ""}},
      {{"Host", "127.0.0.1:5000"}, {"Origin", "http://127.0.0.1:3000"}},
      {{"Host", "127.0.0.1:5000"}, {"Origin", "http://127.0.0.1:5000.evil.example"}},
      {{"Host", "127.0.0.1:5000"}, {"Sec-Fetch-Site", "cross-site"}},
      {{"Host", "127.0.0.1:5000"}, {"Sec-Fetch-Site", "same-site"}},
      {{"Host", "127.0.0.1:5000"}, {"Sec-Fetch-Site", "?"}},
      // A name of the page's own, which leads here now.
      {{"Host", "evil.example:5000"}, {"Origin", "http://evil.example:5000"}},
      {{"Host", "evil.example:5000"}, {"User-Agent", "Mozilla/5.0 (X11)"}},
      {{"Host", "evil.example:5000"}, {"Accept-Language", "en"}, {"User-Agent", "curl/8"}},
  };
  for (const auto& headers : foreign) {
    CHECK_FALSE(is_let_in(names, headers));
    CHECK_FALSE(is_let_in(OwnNames({"registry.example"}, Exposure::loopback), headers));
  }
  const Headers own[] = {
      {{"Host", "127.0.0.1:5000"}},
      {{"Host", "127.0.0.1:5000"}, {"Origin", "http://127.0.0.1:5000"}},
      {{"Host", "localhost:5000"}, {"Sec-Fetch-Site", "none"}, {"User-Agent", "Mozilla/5.0"}},
      {{"Host", "[::1]:5000"}, {"Sec-Fetch-Site", "same-origin"}},
      {{"Host", "registry.example"}, {"User-Agent", "docker/1.9.1 go/go1.4.2"}}, // through a proxy
      {},
  };
  for (const auto& headers : own) {
    CHECK(is_let_in(names, headers));
  }
  const OwnNames named({"registry.example"}, Exposure::loopback);
  CHECK(is_let_in(named, {{"Host", "registry.example"}, {"User-Agent", "Mozilla/5.0"}}));
}

TEST_CASE(
    "beyond loopback every name is accepted, but pages of other servers only if there are users") {
  const std::map<std::string, std::string> page = {{"Host", "reg.example"},
                                                   {"Origin", "http://evil.example"}};
  CHECK_FALSE(is_let_in(OwnNames({}, Exposure::open), page));
  CHECK(is_let_in(OwnNames({}, Exposure::open),
                  {{"Host", "reg.example"}, {"Origin", "https://reg.example"}}));
  CHECK(is_let_in(OwnNames({}, Exposure::open),
                  {{"Host", "reg.example"}, {"User-Agent", "Mozilla/5.0"}}));
  CHECK(is_let_in(OwnNames({}, Exposure::guarded), page));
}

TEST_CASE("host names are distinguished from other texts") {
  for (const auto* name : {"registry", "registry.example:5000", "[::1]:5000", "10.0.0.1"}) {
    CHECK_NOTHROW(check_host_name(name));
  }
  for (const auto* name : {"", "http://registry", "a b", "a/b", "*.example"}) {
    CHECK_THROWS_AS(check_host_name(name), Error);
  }
}
