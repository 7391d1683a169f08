// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/authorized_session.hpp"
#include "support/failure.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

const std::string k_tags = "GET /v2/team/app/tags/list";
const std::string k_token = "GET https://auth.example/token?service=reg.example&scope="
                            "repository%3Ateam%2Fapp%3A";

int ask(AuthorizedSession& session, const std::string& actions = "pull") {
  return session.send(session.request(http::Method::get, "tags/list"), session.scopes(actions))
      .status;
}

/// Lets in `token` alone.
auto only(const std::string& token, Reply refusal) {
  return [=](const SeenRequest& request) -> Reply {
    return request.authorization == "Bearer " + token ? Reply{200, "{}"} : refusal;
  };
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/authorized_session");

TEST_CASE("an open registry is asked without any authorization") {
  V2Host host;
  host.log_in();
  host.server.on(k_tags, {{200, "{}"}});
  CHECK(ask(*host.session()) == 200);
  CHECK(host.server.seen()[0].authorization.empty());
}

TEST_CASE("after the first challenge every request has Basic") {
  V2Host host;
  host.log_in();
  host.server.on(k_tags, [](const SeenRequest& request) {
    return request.authorization == k_v2_bob ? Reply{200}
                                             : v2_challenge("Negotiate, Basic realm=x");
  });
  CHECK(ask(*host.session()) == 200);
  CHECK(ask(*host.session("team/app")) == 200);
  CHECK(host.server.lines().size() == 3);
}

TEST_CASE("Basic that is refused, or is not there, is not tried again") {
  V2Host host;
  host.server.on(k_tags, {v2_challenge("Basic realm=x")});
  CHECK(ask(*host.session()) == 401);
  CHECK(host.server.lines().size() == 1);
  V2Host wrong;
  wrong.log_in();
  wrong.server.on(k_tags, {v2_challenge("Basic realm=x")});
  CHECK(ask(*wrong.session()) == 401);
  CHECK(wrong.server.lines().size() == 2);
}

TEST_CASE("a token is fetched for the scope of the request, and serves other sessions too") {
  V2Host host;
  host.server.on(k_tags, only("one", v2_challenge(k_bearer)));
  host.server.on(k_token + "pull", {{200, R"({"token":"one"})"}});
  CHECK(ask(*host.session()) == 200);
  CHECK(ask(*host.session()) == 200);
  CHECK(host.server.lines() == Lines{k_tags, k_token + "pull", k_tags, k_tags});
}

TEST_CASE("an expired token is fetched anew") {
  V2Host host;
  host.server.on(k_token + "pull", {{200, R"({"token":"one"})"}, {200, R"({"token":"two"})"}});
  host.server.on(k_tags, only("one", v2_challenge(k_bearer)));
  const auto session = host.session();
  CHECK(ask(*session) == 200);
  host.server.on(k_tags, only("two", v2_challenge(k_bearer + ",error=\"invalid_token\"")));
  CHECK(ask(*session) == 200);
}

TEST_CASE("the scope that the challenge names is fetched once, and remembered") {
  V2Host host;
  const auto wider = k_token + "%2A&scope=repository%3Ateam%2Fapp%3Apull";
  host.server.on(k_token + "pull", {{200, R"({"token":"one"})"}});
  host.server.on(wider, {{200, R"({"token":"two"})"}});
  host.server.on(k_tags, only("two", v2_challenge(k_bearer + R"(,scope="repository:team/app:*")")));
  const auto session = host.session();
  CHECK(ask(*session) == 200);
  CHECK(ask(*session) == 200);
  CHECK(host.server.lines() == Lines{k_tags, k_token + "pull", k_tags, wider, k_tags, k_tags});
}

TEST_CASE("a token that is refused again and again is a denial, after few requests") {
  V2Host host;
  host.server.on(k_token + "pull", {{200, R"({"token":"one"})"}});
  host.server.on(k_tags, {v2_challenge(k_bearer)});
  const auto session = host.session();
  CHECK(ask(*session) == 401);
  CHECK(host.server.seen(k_tags).size() == 3);
  CHECK(host.server.lines().size() == 5);
}

TEST_CASE("400 without a challenge is about a token that was good once") {
  V2Host host;
  host.server.on(k_token + "pull", {{200, R"({"token":"one"})"}, {200, R"({"token":"two"})"}});
  host.server.on(k_tags, only("one", v2_challenge(k_bearer)));
  const auto session = host.session();
  CHECK(ask(*session) == 200);
  host.server.on(k_tags, only("two", v2_error(400, "DENIED", "expired")));
  CHECK(ask(*session) == 200);
  host.server.forget();
  host.server.on(k_tags, {v2_error(400, "DIGEST_INVALID")});
  auto response =
      session->send(session->request(http::Method::get, "tags/list"), session->scopes("pull"));
  CHECK(response.status == 400);
  CHECK(host.server.lines().size() == 1);
  CHECK(http::read_body(response, 1000).find("DIGEST_INVALID") != std::string::npos);
}

TEST_CASE("400 to a token that was never good is final") {
  V2Host host;
  host.server.on(k_token + "pull", {{200, R"({"token":"one"})"}});
  host.server.on(k_tags, [](const SeenRequest& request) {
    return request.authorization.empty() ? v2_challenge(k_bearer) : Reply{400};
  });
  CHECK(ask(*host.session()) == 400);
  CHECK(host.server.seen(k_tags).size() == 2);
}

TEST_CASE("another host gets no authorization, and is named by the registry") {
  V2Host host;
  host.log_in();
  host.server.on(k_tags, [](const SeenRequest& request) {
    return request.authorization.empty() ? v2_challenge("Basic realm=x") : Reply{200};
  });
  host.server.on("GET https://other.example/x", {v2_challenge("Basic realm=x")});
  const auto session = host.session();
  ask(*session);
  auto request = session->request(http::Method::get, "");
  request.url = http::Url::parse("https://other.example/x");
  CHECK(session->send(request, {}).status == 401);
  const auto seen = host.server.seen("GET https://other.example/x");
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].authorization.empty());
  CHECK(seen[0].named_by->origin() == "https://reg.example");
}

TEST_CASE("a 401 of the storage behind a redirect teaches nothing") {
  V2Host host;
  host.log_in();
  auto reply = v2_challenge("Basic realm=x");
  reply.redirected_to = "https://storage.example/x";
  host.server.on(k_tags, {reply});
  CHECK(ask(*host.session()) == 401);
  CHECK_FALSE(host.connection()->authority.demand());
}

TEST_CASE("a body that is cut is read again") {
  V2Host host;
  host.server.on(k_tags, {{200, "{\"a\"", {}, Reply::End::cut}, {200, "{\"a\":1}"}});
  const auto session = host.session();
  const auto request = session->request(http::Method::get, "tags/list");
  CHECK(session->send_for_body(request, {}, 100).body == "{\"a\":1}");
  host.server.told.retries = 1;
  host.server.on(k_tags, {{200, "{\"a\"", {}, Reply::End::cut}});
  CHECK(failure([&] { session->send_for_body(request, {}, 100); }) == ErrorKind::unavailable);
}

TEST_CASE("Docker Hub keeps names of one part in library/") {
  V2Host hub("docker.io");
  CHECK(hub.session("app")->request(http::Method::get, "x").url.target == "/v2/library/app/x");
  CHECK(hub.session("app")->scopes("pull") == Scopes{"repository:library/app:pull"});
  CHECK(hub.session("a/b")->request(http::Method::get, "x").url.target == "/v2/a/b/x");
  CHECK(hub.session("app")->describe() == "docker.io/app");
  V2Host other;
  CHECK(other.session("app")->request(http::Method::get, "x").url.target == "/v2/app/x");
}

TEST_CASE("a denial names the repository and the way to log in") {
  V2Host host;
  host.server.on(k_tags, {{403, "not yours"}});
  const auto session = host.session();
  auto response = session->send(session->request(http::Method::get, "tags/list"), {});
  try {
    session->fail(response, "cannot list");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::denied);
    CHECK(error.message().find("team/app") != std::string::npos);
    CHECK(error.hint() == "run 'regctl login reg.example'");
  }
}

TEST_SUITE_END();
