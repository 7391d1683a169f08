// SPDX-License-Identifier: Apache-2.0
#include "server/http/responses.hpp"
#include "server/router.hpp"
#include "support/fake_request.hpp"

#include <regctl/base/error.hpp>
#include <regctl/server/server.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace regctl;
using namespace regctl::server;
using test::FakeRequest;

namespace {

/// Has what is below its prefix, and answers with its own name.
class Named final : public Api {
public:
  Named(std::string_view name, std::string prefix) : name_(name), prefix_(std::move(prefix)) {}

  [[nodiscard]] bool has(std::string_view path) const noexcept override {
    return path.starts_with(prefix_);
  }
  [[nodiscard]] std::string_view route(std::string_view) const override { return name_; }
  std::unique_ptr<Handler> begin(const Request&) override { return make_ready(answer()); }
  Response explain(const Error&) noexcept override { return answer(); }

private:
  [[nodiscard]] Response answer() const {
    Response response;
    response.text = name_;
    return response;
  }

  std::string_view name_;
  std::string prefix_;
};

struct Fixture {
  Named one{"one", "/v1/"};
  Named two{"two", "/v2/"};
  OwnNames names{{}, Exposure::loopback};
  Metrics metrics;
  AccessLog log{"", LogFormat::combined};
  Router router{{&one, &two}, names, metrics, log};

  std::string ask(const std::string& path, std::map<std::string, std::string> headers = {}) {
    const FakeRequest request("GET", path, std::move(headers));
    const auto response = router.begin(request)->answer();
    return response.status == 200 ? response.text : std::to_string(response.status);
  }
};

} // namespace

TEST_SUITE_BEGIN("server/router");

TEST_CASE_FIXTURE(Fixture, "a request goes to the API that has its path") {
  CHECK(ask("/v1/_ping") == "one");
  CHECK(ask("/v2/") == "two");
  const Error error(ErrorKind::protocol, "damaged");
  CHECK(router.explain(FakeRequest("GET", "/v2/", {}), error).text == "two");
}

TEST_CASE_FIXTURE(Fixture, "the first API answers for unknown paths") {
  CHECK(ask("/favicon.ico") == "one");
}

TEST_CASE_FIXTURE(Fixture, "no API sees a request of another server's page") {
  CHECK(ask("/v2/", {{"Host", "evil.example"}, {"Origin", "http://evil.example"}}) == "403");
}

TEST_CASE_FIXTURE(Fixture, "finished requests are counted under their API's route") {
  router.done(FakeRequest("GET", "/v2/", {}), 200, 10, 0, 0.5);
  CHECK(metrics.print({}).find("{route=\"two\",method=\"GET\",status=\"200\"} 1") !=
        std::string::npos);
}

TEST_SUITE_END();
