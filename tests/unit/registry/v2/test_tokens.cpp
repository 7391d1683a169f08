// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/tokens.hpp"
#include "support/failure.hpp"
#include "support/fake_server.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

const Scopes k_pull = {"repository:team/app:pull"};
const Demand k_demand{Demand::Kind::bearer, "https://auth.example/token", "reg.example", {}};
const std::string k_get =
    "GET https://auth.example/token?service=reg.example&scope=repository%3Ateam%2Fapp%3Apull";
const std::string k_post = "POST https://auth.example/token";

struct Service {
  FakeServer server{"https://reg.example"};
  Token::Clock::time_point now{};
  TokenClient tokens{server, http::Url::parse("https://reg.example/"), "reg.example",
                     [this] { return now; }};
  std::optional<http::Credential> credential;

  std::string get(const Scopes& scopes = k_pull) {
    return tokens.get(k_demand, scopes, credential)->authorization.reveal();
  }

  void log_in(const std::string& identity_token = "", const std::string& password = "secret") {
    credential =
        http::Credential{"bob", http::Secret(password), http::Secret(identity_token), "a test"};
  }
};

std::string gzip(const std::string& text) {
  return read_text(*make_gzip_source(make_text_source(text)), 10'000, "a gzip");
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/tokens");

TEST_CASE("an anonymous token is asked for without a password, and kept by its scopes") {
  Service service;
  service.server.on(k_get, {{200, R"({"token":"one","expires_in":300})"}});
  CHECK(service.get() == "Bearer one");
  CHECK(service.get() == "Bearer one");
  REQUIRE(service.server.seen().size() == 1);
  CHECK(service.server.seen()[0].authorization.empty());
  // The client refuses a service at an address that the registry must not name.
  CHECK(service.server.seen()[0].named_by->origin() == "https://reg.example");
  service.server.on("GET https://auth.example/token?service=reg.example&scope=a&scope=b",
                    {{200, R"({"token":"two"})"}});
  CHECK(service.get({"a", "b"}) == "Bearer two");
}

TEST_CASE("a password goes to the service by Basic, with the account") {
  Service service;
  service.log_in();
  service.server.on(k_get + "&account=bob", {{200, R"({"access_token":"one"})"}});
  CHECK(service.get() == "Bearer one");
  CHECK(service.server.seen()[0].authorization == k_v2_bob);
}

TEST_CASE("a token is renewed before it ends: after a minute if nothing or less is said") {
  struct Row {
    std::string life;
    int seconds;
  };
  const Row rows[] = {{"", 60},
                      {R"(,"expires_in":5)", 60},
                      {R"(,"expires_in":-5)", 60},
                      {R"(,"expires_in":null)", 60},
                      {R"(,"expires_in":"300")", 300},
                      {R"(,"expires_in":300.5)", 300},
                      {R"(,"expires_in":1e300)", 24 * 3600}};
  for (const auto& row : rows) {
    CAPTURE(row.life);
    Service service;
    service.server.on(k_get, {{200, R"({"token":"one")" + row.life + "}"},
                              {200, R"({"token":"two","expires_in":99999})"}});
    service.get();
    service.now += std::chrono::seconds(row.seconds - 11);
    CHECK(service.get() == "Bearer one");
    service.now += std::chrono::seconds(1); // ten seconds before its end
    CHECK(service.get() == "Bearer two");
  }
}

TEST_CASE("a refused token is not used again") {
  Service service;
  service.server.on(k_get, {{200, R"({"token":"one"})"}, {200, R"({"token":"two"})"}});
  const auto token = service.tokens.get(k_demand, k_pull, {});
  token->is_refused = true;
  CHECK(service.get() == "Bearer two");
}

TEST_CASE("one thread fetches a token for all") {
  Service service;
  std::atomic<int> fetched = 0;
  service.server.on(k_get, [&](const SeenRequest&) {
    ++fetched;
    return Reply{200, R"({"token":"one"})"};
  });
  run_parallel(8, 50, [&](std::size_t) { CHECK(service.get() == "Bearer one"); });
  CHECK(fetched == 1);
}

TEST_CASE("an identity token is posted, follows no redirect, and is no part of the URL") {
  Service service;
  service.log_in("identity", "");
  service.server.on(k_post, [](const SeenRequest& request) {
    return request.body == "grant_type=refresh_token&service=reg.example&client_id=docker&scope="
                           "repository%3Ateam%2Fapp%3Apull&refresh_token=identity"
               ? Reply{200, R"({"access_token":"one"})"}
               : Reply{400};
  });
  CHECK(service.get() == "Bearer one");
  CHECK(service.server.seen()[0].authorization.empty());
}

TEST_CASE("a service without POST gets the password by GET, if there is one") {
  for (const int status : {400, 401, 404, 405}) {
    Service service;
    service.log_in("identity");
    service.server.on(k_post, {{status}});
    service.server.on(k_get + "&account=bob", {{200, R"({"token":"one"})"}});
    CHECK(service.get() == "Bearer one");
  }
  Service service;
  service.log_in("identity", "");
  service.server.on(k_post, {{401}});
  CHECK(failure([&] { service.get(); }) == ErrorKind::denied);
  CHECK(service.server.seen().size() == 1);
}

TEST_CASE("a packed answer is unpacked") {
  Service service;
  service.server.on(k_get, {{200, gzip(R"({"token":"one"})"), {{"Content-Encoding", "gzip"}}}});
  CHECK(service.get() == "Bearer one");
}

TEST_CASE("an answer without a usable token is an error") {
  for (const auto* body : {"{}", "[]", "no", R"({"token":""})", R"({"token":"a b"})",
                           R"({"token":"a\nX: y"})", R"({"token":3})"}) {
    CAPTURE(body);
    Service service;
    service.server.on(k_get, {{200, body}});
    CHECK(failure([&] { service.get(); }) == ErrorKind::protocol);
  }
}

TEST_CASE("a refusal is told as what it is") {
  for (const auto& [status, kind] :
       {std::pair(401, ErrorKind::denied), std::pair(403, ErrorKind::denied),
        std::pair(400, ErrorKind::denied), std::pair(404, ErrorKind::not_found)}) {
    Service service;
    service.log_in();
    service.server.on(k_get + "&account=bob", {{status, "nothing for you"}});
    CHECK(failure([&] { service.get(); }) == kind);
  }
  Service service;
  service.server.on(k_get, {{401, "nothing for you"}});
  try {
    service.get();
    FAIL("it was let in");
  } catch (const Error& error) {
    CHECK(error.message().find("https://auth.example answered 401 (nothing for you)") !=
          std::string::npos);
    CHECK(error.hint() == "run 'regctl login reg.example'");
  }
}

TEST_CASE("an overloaded service is asked again, but not for ever") {
  Service service;
  service.server.on(k_get, {{503}, {429}, no_answer(), {200, R"({"token":"one"})"}});
  CHECK(service.get() == "Bearer one");
  Service busy;
  busy.server.told.retries = 2;
  busy.server.on(k_get, {{503}});
  CHECK(failure([&] { busy.get(); }) == ErrorKind::unavailable);
  CHECK(busy.server.seen().size() == 3);
}

TEST_CASE("a realm that is no URL is the registry's fault") {
  Service service;
  const Demand demand{Demand::Kind::bearer, "ftp://auth", "", {}};
  CHECK(failure([&] { service.tokens.get(demand, {}, {}); }) == ErrorKind::protocol);
}

TEST_SUITE_END();
