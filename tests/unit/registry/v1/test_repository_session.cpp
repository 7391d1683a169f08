// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/repository.hpp"
#include "registry/v1/repository_session.hpp"
#include "support/failure.hpp"
#include "support/fake_server.hpp"
#include "unit/registry/v1/v1_host.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/message.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;
using namespace regctl::test;

namespace {

using Need = RepositorySession::Need;
using Lines = std::vector<std::string>;

const std::string k_path = "/v1/repositories/team/app";
const std::string k_image = "/v1/images/" + std::string(64, 'a');

Reply wants(const std::string& challenge) {
  return {401, "", {{"WWW-Authenticate", challenge}}};
}

/// Lets in whoever has one of these.
auto only_with(std::vector<std::string> authorizations, Reply refusal) {
  return [authorizations = std::move(authorizations),
          refusal = std::move(refusal)](const SeenRequest& request) -> std::optional<Reply> {
    for (const auto& good : authorizations) {
      if (request.authorization == good) {
        return std::nullopt;
      }
    }
    return refusal;
  };
}

int get_tags(RepositorySession& session) {
  return session.send(get(k_path + "/tags"), Need::read).status;
}

/// The Error{denied} that the request gets.
Error denial(RepositorySession& session) {
  try {
    get_tags(session);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::denied);
    return error;
  }
  FAIL("it was let in");
  return {ErrorKind::denied, ""};
}

} // namespace

TEST_SUITE_BEGIN("registry/v1/repository_session");

TEST_CASE("an index request carries Basic and asks for a token, which requests for images and tags "
          "carry") {
  V1Host host;
  host.ping.standalone.reset();
  host.server.on("GET " + k_path + "/images", {{200, "[]", {token_header("one")}}});
  host.server.on("GET " + k_path + "/tags", {{200, "{}"}});
  const auto session = host.session();
  CHECK(get_tags(*session) == 200);
  CHECK(get_tags(*session) == 200);
  const auto seen = host.server.seen();
  REQUIRE(host.server.lines() ==
          Lines{"GET " + k_path + "/images", "GET " + k_path + "/tags", "GET " + k_path + "/tags"});
  CHECK(seen[0].headers.find("X-Docker-Token") == "true");
  CHECK(seen[0].authorization == k_bob);
  CHECK_FALSE(seen[1].headers.find("X-Docker-Token"));
  CHECK(seen[1].authorization == "Token one");
  CHECK(seen[2].authorization == "Token one");
}

TEST_CASE("a standalone registry is not asked for a token before a 401") {
  V1Host host;
  host.server.on("GET " + k_path + "/tags", {{200, "{}"}});
  CHECK(get_tags(*host.session()) == 200);
  CHECK(host.server.lines() == Lines{"GET " + k_path + "/tags"});
  CHECK(host.server.seen()[0].authorization.empty());
}

TEST_CASE("tokens for reading, writing and removing are kept apart") {
  V1Host host;
  host.server.on("GET " + k_path + "/images", {{200, "[]", {token_header("read")}}});
  host.server.on("PUT " + k_path + "/", {{200, "", {token_header("write")}}});
  host.server.on("DELETE " + k_path + "/images", {{200, "", {token_header("remove")}}});
  const auto tag = k_path + "/tags/1.0";
  for (const std::string method : {"GET ", "PUT ", "DELETE "}) {
    host.server.on(method + tag, {{200, ""}});
  }
  host.server.guard = [&](const SeenRequest& request) -> std::optional<Reply> {
    const std::pair<std::string, std::string> rows[] = {{"GET " + tag, "Token read"},
                                                        {"PUT " + tag, "Token write"},
                                                        {"DELETE " + tag, "Token remove"}};
    for (const auto& [line, token] : rows) {
      if (request.line == line && request.authorization != token) {
        return wants("Token");
      }
    }
    return std::nullopt;
  };
  const auto session = host.session();
  session->set_announcement("[announced]");
  const auto send = [&](http::Method method, Need need) {
    auto request = get(tag);
    request.method = method;
    return session->send(std::move(request), need).status;
  };
  for (int round = 0; round < 2; ++round) {
    CHECK(send(http::Method::get, Need::read) == 200);
    CHECK(send(http::Method::put, Need::write) == 200);
    CHECK(send(http::Method::remove, Need::remove) == 200);
  }
  // Each was asked for once, and in its own way.
  CHECK(host.server.seen("GET " + k_path + "/images").size() == 1);
  CHECK(host.server.seen("DELETE " + k_path + "/images").size() == 1);
  REQUIRE(host.server.seen("PUT " + k_path + "/").size() == 1);
  CHECK(host.server.seen("PUT " + k_path + "/")[0].body == "[announced]");
}

TEST_CASE("a refused token is renewed") {
  V1Host host;
  host.server.on("GET " + k_path + "/images",
                 {{200, "[]", {token_header("old")}}, {200, "[]", {token_header("new")}}});
  host.server.on("GET " + k_path + "/tags", {{200, "{}"}});
  const auto session = host.session();
  host.server.guard = [](const SeenRequest& request) -> std::optional<Reply> {
    return request.line.ends_with("/tags") && request.authorization != "Token old"
               ? std::optional(wants("Token"))
               : std::nullopt;
  };
  CHECK(get_tags(*session) == 200);
  host.server.guard = [](const SeenRequest& request) -> std::optional<Reply> {
    return request.authorization == "Token old" ? std::optional(wants("Token")) : std::nullopt;
  };
  host.server.forget();
  CHECK(get_tags(*session) == 200);
  CHECK(host.server.lines() ==
        Lines{"GET " + k_path + "/tags", "GET " + k_path + "/images", "GET " + k_path + "/tags"});
}

TEST_CASE("a request that a fresh token does not allow is denied without endless retries") {
  V1Host host;
  int tokens = 0;
  host.server.on("GET " + k_path + "/images", [&](const SeenRequest&) {
    return Reply{200, "[]", {token_header(std::to_string(++tokens))}};
  });
  host.server.on("GET " + k_path + "/tags", {wants("Token")});
  const auto error = denial(*host.session());
  CHECK(error.message().find("host:5000 denies access to team/app") == 0);
  CHECK(host.server.seen("GET " + k_path + "/tags").size() == 3);
  CHECK(tokens == 2);
}

TEST_CASE("a token that is issued unchanged is not tried again") {
  V1Host host;
  host.server.on("GET " + k_path + "/images", {{200, "[]", {token_header("same")}}});
  host.server.on("GET " + k_path + "/tags", {wants("Token")});
  denial(*host.session());
  CHECK(host.server.seen("GET " + k_path + "/tags").size() == 2);
}

TEST_CASE("a 403 is denied without a retry") {
  V1Host host;
  host.server.on("GET " + k_path + "/tags", {{403, "go away"}});
  const auto error = denial(*host.session());
  CHECK(error.message().find("it answered 403 (go away)") != std::string::npos);
  CHECK(error.hint().find("check the password of 'bob' from a test") == 0);
  CHECK(host.server.lines().size() == 1);
}

TEST_CASE("a proxy that wants Basic gets it, from then on with every request") {
  V1Host host;
  host.server.guard = only_with({k_bob}, wants("Basic realm=\"registry\""));
  host.server.on("GET " + k_path + "/tags", {{200, "{}"}});
  host.server.on("GET " + k_path + "/images", {{200, "[]", {token_header("one")}}});
  const auto session = host.session();
  CHECK(get_tags(*session) == 200);
  CHECK(get_tags(*session) == 200);
  CHECK(host.server.lines() == Lines(3, "GET " + k_path + "/tags")); // one of them refused
}

TEST_CASE("a standalone registry behind TLS gets Basic with every request, as from engines") {
  V1Host host("https");
  host.server.on("GET " + k_path + "/tags", {{200, "{}"}});
  CHECK(get_tags(*host.session()) == 200);
  REQUIRE(host.server.lines().size() == 1);
  CHECK(host.server.seen()[0].authorization == k_bob);
}

TEST_CASE("without a credential Basic is not answered, and the hint is to log in") {
  V1Host host;
  host.credential.reset();
  host.server.on("GET " + k_path + "/tags", {wants("Basic realm=\"registry\"")});
  CHECK(denial(*host.session()).hint() == "run 'regctl login host:5000'");
  CHECK(host.server.lines().size() == 1);
}

TEST_CASE("without a credential a token is requested too") {
  for (const char* challenge : {"Token", "Basic realm=\"index\", Token"}) {
    CAPTURE(challenge);
    V1Host host;
    host.credential.reset();
    host.server.on("GET " + k_path + "/images", {{200, "[]", {token_header("everybody")}}});
    host.server.on("GET " + k_path + "/tags", [&](const SeenRequest& request) {
      return request.authorization == "Token everybody" ? Reply{200, "{}"} : wants(challenge);
    });
    CHECK(get_tags(*host.session()) == 200);
    CHECK(host.server.seen("GET " + k_path + "/images").at(0).authorization.empty());
  }
}

TEST_CASE("an index that refuses the password is denied") {
  V1Host host;
  host.ping.standalone.reset();
  host.server.on("GET " + k_path + "/images", {wants("Basic realm=\"index\"")});
  denial(*host.session());
  CHECK(host.server.lines() == Lines{"GET " + k_path + "/images"});
}

TEST_CASE("a host that denies access after a redirect is named, and the password is not blamed") {
  V1Host host;
  Reply refusal{403, "expired"};
  refusal.redirected_to = "https://storage.example/bucket/layer";
  host.server.on("GET " + k_path + "/tags", {refusal});
  const auto error = denial(*host.session());
  CHECK(error.message() == "https://storage.example, where host:5000 sends us, denies access to "
                           "team/app: it answered 403 (expired)");
  CHECK(error.hint().empty());
}

TEST_CASE("requests of one session share cookies, and those of two do not") {
  V1Host host;
  host.ping.standalone.reset();
  host.server.on("GET " + k_path + "/images", {{200, "[]", {token_header("one")}}});
  host.server.on("GET " + k_path + "/tags", {{200, "{}"}});
  get_tags(*host.session());
  get_tags(*host.session());
  const auto seen = host.server.seen();
  REQUIRE(seen.size() == 4);
  REQUIRE(seen[0].cookies);
  CHECK(seen[0].cookies == seen[1].cookies);
  CHECK(seen[2].cookies == seen[3].cookies);
  CHECK(seen[1].cookies != seen[2].cookies);
}

namespace {

/// A registry whose index names other hosts for images and tags, and gives a token for them.
struct NamingHost : V1Host {
  explicit NamingHost(const std::string& endpoints) {
    ping.standalone = false;
    server.on("GET " + k_path + "/images",
              {{200, "[]", {token_header("one"), {"X-Docker-Endpoints", endpoints}}}});
    server.on("PUT " + k_path + "/",
              {{200, "", {token_header("two"), {"X-Docker-Endpoints", endpoints}}}});
    server.on("GET " + k_image + "/json", {{200, "at the registry"}});
    for (const std::string other : {"cdn:5000", "spare:5000"}) {
      server.on("HEAD http://" + other + "/v1/_ping", {{200}});
      server.on("GET http://" + other + k_image + "/json", {{200, "at " + other}});
    }
  }

  std::string ask(RepositorySession& session) {
    auto response = session.send(get(k_image + "/json"), Need::read);
    return http::read_body(response, 1000);
  }
};

} // namespace

TEST_CASE("an endpoint that the index names is asked for images, with only the token") {
  NamingHost host("cdn:5000");
  CHECK(host.ask(*host.session()) == "at cdn:5000");
  const auto seen = host.server.seen();
  REQUIRE(host.server.lines() == Lines{"GET " + k_path + "/images", "HEAD http://cdn:5000/v1/_ping",
                                       "GET http://cdn:5000" + k_image + "/json"});
  CHECK(seen[1].authorization.empty());
  CHECK(seen[2].authorization == "Token one");
  for (const auto at : {1U, 2U}) { // a host that the user never named
    REQUIRE(seen[at].named_by);
    CHECK(seen[at].named_by->origin() == "http://host:5000");
  }
}

TEST_CASE("an endpoint that wants Basic never gets the password") {
  NamingHost host("cdn:5000");
  host.server.on("GET http://cdn:5000" + k_image + "/json", {wants("Basic realm=\"cdn\"")});
  try {
    host.ask(*host.session());
    FAIL("it was let in");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::denied);
    CHECK(error.message().find("http://cdn:5000, which X-Docker-Endpoints of host:5000 names") ==
          0);
    CHECK(error.hint().find("set \"endpoints\": \"trusted\" for host:5000") != std::string::npos);
  }
  CHECK(host.server.seen("GET http://cdn:5000" + k_image + "/json").size() == 1);
  for (const auto& request : host.server.seen()) {
    if (request.line.find("cdn:5000") != std::string::npos) {
      CHECK(request.authorization.find("Basic") == std::string::npos);
    }
  }
}

TEST_CASE("an endpoint that the user trusts gets the password, and may be at any address") {
  NamingHost host("cdn:5000");
  host.trust = http::EndpointTrust::password;
  host.server.on("GET http://cdn:5000" + k_image + "/json", [](const SeenRequest& request) {
    return request.authorization == k_bob ? Reply{200, "let in"} : wants("Basic realm=\"cdn\"");
  });
  CHECK(host.ask(*host.session()) == "let in");
  CHECK_FALSE(host.server.seen().back().named_by);
}

TEST_CASE("Basic that the registry wanted is not sent to an endpoint") {
  for (const std::string token : {"Token one", ""}) {
    CAPTURE(token);
    NamingHost host("cdn:5000");
    if (token.empty()) {
      host.server.on("GET " + k_path + "/images",
                     {{200, "[]", {{"X-Docker-Endpoints", "cdn:5000"}}}});
    }
    // The endpoint is dead, the registry itself wants Basic, and then the endpoint lives.
    host.server.told.stall_timeout = std::chrono::milliseconds(0);
    host.server.on("HEAD http://cdn:5000/v1/_ping", [](const SeenRequest&) { return no_answer(); });
    host.server.on("GET " + k_image + "/json", [](const SeenRequest& request) {
      return request.authorization == k_bob ? Reply{200, "at the registry"} : wants("Basic");
    });
    const auto session = host.session();
    CHECK(host.ask(*session) == "at the registry");
    host.server.on("HEAD http://cdn:5000/v1/_ping", {{200}});
    CHECK(host.ask(*session) == "at cdn:5000");
    CHECK(host.server.seen().back().authorization == token);
  }
}

TEST_CASE("a dead endpoint is skipped and not asked again") {
  NamingHost host("cdn:5000,spare:5000");
  host.server.on("HEAD http://cdn:5000/v1/_ping", {no_answer()});
  const auto session = host.session();
  CHECK(host.ask(*session) == "at spare:5000");
  CHECK(host.ask(*session) == "at spare:5000");
  CHECK(host.server.seen("HEAD http://cdn:5000/v1/_ping").size() == 1);
  CHECK(host.server.seen("GET http://cdn:5000" + k_image + "/json").empty());
  CHECK(host.server.notes() ==
        "X-Docker-Endpoints of http://host:5000 names http://cdn:5000, which is of no use (nobody "
        "answers); asking http://spare:5000 instead\n");
}

TEST_CASE("the registry itself is asked if all its endpoints are dead") {
  NamingHost host("cdn:5000,spare:5000");
  host.server.on("HEAD http://cdn:5000/v1/_ping", {no_answer()});
  host.server.on("HEAD http://spare:5000/v1/_ping", {{502}});
  CHECK(host.ask(*host.session()) == "at the registry");
}

TEST_CASE("a request that a dying endpoint did not answer goes to the next one") {
  const Reply deaths[] = {no_answer(), no_answer(ErrorKind::protocol), {502}, {504}};
  for (const auto& death : deaths) {
    NamingHost host("cdn:5000,spare:5000");
    host.server.on("HEAD http://cdn:5000/v1/_ping", {{200}, death});
    host.server.on("GET http://cdn:5000" + k_image + "/json", {death});
    CHECK(host.ask(*host.session()) == "at spare:5000");
    CHECK(host.server.notes().find("which is of no use any more") != std::string::npos);
  }
}

TEST_CASE("any answer of a live endpoint is final") {
  NamingHost host("cdn:5000,spare:5000");
  host.server.on("GET http://cdn:5000" + k_image + "/json", {{503, "busy"}});
  CHECK(host.ask(*host.session()) == "busy");
  host.server.on("GET http://cdn:5000" + k_image + "/json", {no_answer()});
  CHECK(failure([&] { host.ask(*host.session()); }) == ErrorKind::unavailable);
  CHECK(host.server.seen("GET http://spare:5000" + k_image + "/json").empty());
}

TEST_CASE("a request that must not be repeated is not sent to another endpoint") {
  NamingHost host("cdn:5000,spare:5000");
  host.server.on("HEAD http://cdn:5000/v1/_ping", {{200}, no_answer()});
  host.server.on("GET http://cdn:5000" + k_image + "/json", {no_answer()});
  auto request = get(k_image + "/json");
  request.repeat = http::Repeat::never;
  CHECK(failure([&] { host.session()->send(request, Need::read); }) == ErrorKind::unavailable);
  CHECK(host.server.seen("GET http://spare:5000" + k_image + "/json").empty());
}

TEST_CASE("index requests go to the registry itself, not to its endpoints") {
  NamingHost host("cdn:5000");
  const auto session = host.session();
  host.ask(*session);
  CHECK(session->send_index(get(k_path + "/images"), Need::read).status == 200);
  CHECK(host.server.lines().back() == "GET " + k_path + "/images");
  CHECK(host.server.seen().back().authorization == k_bob);
}

TEST_CASE("a name of one part is put into library/, and special characters are encoded") {
  CHECK(repository_path("app") == "/v1/repositories/library/app");
  CHECK(repository_path("team/app") == k_path);
  CHECK(repository_path("team/a b%2F") == "/v1/repositories/team/a%20b%252F");
}

TEST_SUITE_END();
