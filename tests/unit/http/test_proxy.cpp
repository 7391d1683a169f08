// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace regctl;
using namespace regctl::http;

namespace {

using Variables = std::map<std::string, std::string>;

std::optional<Proxy> find(const std::string& url, const Variables& variables) {
  return find_proxy(Url::parse(url), [&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
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
      CHECK(proxy->name == all.at(expected));
      left[expected] = ""; // empty is as good as unset
    }
    CHECK_FALSE(find(std::string(row.scheme) + "://host.example/", left));
  }
}

TEST_CASE("user and password are separated from the proxy's host and decoded") {
  struct Row {
    const char* written;
    const char* url;
    const char* name;
    const char* username;
    const char* password;
  };
  const Row rows[] = {
      {"http://proxy:3128", "http://proxy:3128", "proxy:3128", "", ""},
      {"proxy:3128", "http://proxy:3128", "proxy:3128", "", ""},
      {"proxy", "http://proxy", "proxy", "", ""},
      {"socks5h://proxy:1080/", "socks5h://proxy:1080", "proxy:1080", "", ""},
      {"HTTPS://Proxy:443", "https://Proxy:443", "Proxy:443", "", ""},
      {"http://bob:secret@proxy:3128/", "http://proxy:3128", "proxy:3128", "bob", "secret"},
      {"bob:secret@proxy:3128", "http://proxy:3128", "proxy:3128", "bob", "secret"},
      {"http://bob@proxy:3128", "http://proxy:3128", "proxy:3128", "bob", ""},
      {"http://bob:s@c/r@t@[::1]:3128/x", "http://[::1]:3128", "[::1]:3128", "bob", "s@c/r@t"},
      {"http://bob:p%40s%2Fs%25@proxy:1", "http://proxy:1", "proxy:1", "bob", "p@s/s%"},
      {"http://b%40b:a:b@proxy:1", "http://proxy:1", "proxy:1", "b@b", "a:b"},
      {"http://bob:abc%G4g@proxy:1", "http://proxy:1", "proxy:1", "bob", "abc%G4g"},
      {"http://bob:100%@proxy:1", "http://proxy:1", "proxy:1", "bob", "100%"},
      {"http://bob:a#b?c\\d@proxy:1", "http://proxy:1", "proxy:1", "bob", "a#b?c\\d"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto proxy = find("http://host.example/", {{"http_proxy", row.written}});
    REQUIRE(proxy);
    CHECK(proxy->url == row.url);
    CHECK(proxy->name == row.name);
    CHECK(proxy->username == row.username);
    CHECK(proxy->password.reveal() == row.password);
  }
}

TEST_CASE("a variable that names no proxy is refused without its value") {
  for (const char* written :
       {"http://bob:secret@", "http://bob:secret@pro xy:1", "http://proxy:secret", "http://proxy:0",
        "http://", "secret://proxy:1", "http://[::1:3128", "http://[secret]:1", "://secret"}) {
    CAPTURE(written);
    try {
      static_cast<void>(find("https://host.example/", {{"ALL_PROXY", written}}));
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find("the proxy that ALL_PROXY names") == 0);
      CHECK(std::string(error.what()).find("secret") == std::string::npos);
      CHECK(error.hint().find("percent-encoded") != std::string::npos);
    }
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

TEST_CASE("this machine, this link and sockets are reached directly") {
  const Variables variables = {{"ALL_PROXY", "proxy:1"}};
  for (const char* url : {"http://localhost:5000/", "https://127.0.0.1/", "http://127.9.9.9/",
                          "http://[::1]:5000/", "http://169.254.169.254/", "http://169.254.170.2/",
                          "http://[fe80::1]/", "http://[fd00:ec2::254]/"}) {
    CAPTURE(url);
    CHECK_FALSE(find(url, variables));
  }
  auto socket = Url::parse("http://engine.example/");
  socket.unix_socket = "/run/engine.sock";
  CHECK_FALSE(find_proxy(socket, [](const std::string&) { return "proxy:1"; }));
}

TEST_SUITE_END();
