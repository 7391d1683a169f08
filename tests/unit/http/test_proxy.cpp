// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace regctl::http;

namespace {

using Variables = std::map<std::string, std::string>;

std::optional<Proxy> find(const std::string& url, const Variables& variables) {
  return find_proxy(Url::parse(url), [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

} // namespace

TEST_SUITE_BEGIN("http/proxy");

TEST_CASE("the scheme's variable comes before all_proxy, and lower case before upper") {
  const Variables all = {{"http_proxy", "http-lower:1"},   {"HTTP_PROXY", "http-upper:1"},
                         {"https_proxy", "https-lower:1"}, {"HTTPS_PROXY", "https-upper:1"},
                         {"all_proxy", "all-lower:1"},     {"ALL_PROXY", "all-upper:1"}};
  struct Row {
    const char* scheme;
    const char* order[4];
  };
  const Row rows[] = {
      {"http", {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}},
      {"https", {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}},
  };
  for (const auto& row : rows) {
    auto left = all;
    for (const char* expected : row.order) {
      CAPTURE(expected);
      const auto proxy = find(std::string(row.scheme) + "://host.example/", left);
      REQUIRE(proxy);
      CHECK(proxy->url == all.at(expected));
      left[expected] = ""; // empty is as good as unset
    }
    CHECK_FALSE(find(std::string(row.scheme) + "://host.example/", left));
  }
}

TEST_CASE("a proxy's name is free of user, password and path") {
  struct Row {
    const char* url;
    const char* name;
  };
  const Row rows[] = {
      {"http://proxy:3128", "proxy:3128"},
      {"proxy:3128", "proxy:3128"},
      {"proxy", "proxy"},
      {"socks5h://proxy:1080/", "proxy:1080"},
      {"http://bob:secret@proxy:3128/", "proxy:3128"},
      {"bob:secret@proxy:3128", "proxy:3128"},
      {"http://bob:s@c/r@t@[::1]:3128/x", "[::1]:3128"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.url);
    const auto proxy = find("http://host.example/", {{"http_proxy", row.url}});
    REQUIRE(proxy);
    CHECK(proxy->url == row.url);
    CHECK(proxy->name == row.name);
  }
}

TEST_CASE("no_proxy lists hosts that are reached directly") {
  struct Row {
    const char* list;
    const char* url;
    bool is_exempt;
  };
  const Row rows[] = {
      {"", "http://a.example/", false},
      {",, ,", "http://a.example/", false},
      {"*", "http://a.example/", true},
      {"a.example", "http://a.example/", true},
      {"A.Example", "http://a.example:5000/", true},
      {"example", "http://a.example/", true},
      {".example", "http://a.example/", true},
      {"*.example", "http://a.example/", true},
      {".a.example", "http://a.example/", true},
      {"example", "http://a-example/", false},
      {"a.example", "http://ba.example/", false},
      {"a.example.org", "http://a.example/", false},
      {"b.example, a.example", "http://a.example/", true},
      {"b.example\ta.example", "http://a.example/", true},
      {"a.example:5000", "http://a.example:5000/", true},
      {"a.example:5000", "http://a.example/", false},
      {"a.example:80", "http://a.example/", true},
      {"a.example:x", "http://a.example/", false},
      {"10.1.2.3", "http://10.1.2.3:5000/", true},
      {"10.1.2.3:5001", "http://10.1.2.3:5000/", false},
      {"10.0.0.0/8", "http://10.1.2.3/", true},
      {"10.1.2.0/23", "http://10.1.3.3/", true},
      {"10.1.2.0/23", "http://10.1.4.3/", false},
      {"0.0.0.0/0", "http://10.1.4.3/", true},
      {"10.1.2.3/32", "http://10.1.2.3/", true},
      {"10.1.2.3/33", "http://10.1.2.3/", false},
      {"10.1.2.3/", "http://10.1.2.3/", false},
      {"/8", "http://10.1.2.3/", false},
      {"10.0.0.0/8", "http://10.example/", false},
      {"10.0.0.0/8", "http://[fd00::1]/", false},
      {"fd00::1", "http://[fd00::1]:5000/", true},
      {"[fd00::1]", "http://[fd00::1]:5000/", true},
      {"[fd00::1]:5000", "http://[fd00::1]:5000/", true},
      {"[fd00::1]:5001", "http://[fd00::1]:5000/", false},
      {"fd00::/8", "http://[fd00::1]:5000/", true},
      {"fe00::/8", "http://[fd00::1]:5000/", false},
      {"[", "http://a.example/", false},
      {".", "http://a.example/", false},
      {":80", "http://a.example/", false},
  };
  for (const auto& row : rows) {
    for (const char* name : {"no_proxy", "NO_PROXY"}) {
      CAPTURE(row.list);
      CAPTURE(row.url);
      const auto proxy = find(row.url, {{"all_proxy", "proxy:1"}, {name, row.list}});
      CHECK(proxy.has_value() != row.is_exempt);
    }
  }
}

TEST_CASE("this machine and sockets are reached directly") {
  const Variables variables = {{"ALL_PROXY", "proxy:1"}};
  for (const char* url : {"http://localhost:5000/", "https://127.0.0.1/", "http://127.9.9.9/",
                          "http://[::1]:5000/"}) {
    CAPTURE(url);
    CHECK_FALSE(find(url, variables));
  }
  auto socket = Url::parse("http://engine.example/");
  socket.unix_socket = "/run/engine.sock";
  CHECK_FALSE(find_proxy(socket, [](const char*) { return "proxy:1"; }));
}

TEST_SUITE_END();
