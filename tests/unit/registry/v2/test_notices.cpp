// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/notices.hpp"
#include "support/fake_server.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

http::Response with(http::Headers headers) {
  http::Response response;
  response.headers = std::move(headers);
  return response;
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/notices");

TEST_CASE("a warning is the quoted text of code 299") {
  CHECK(warning_text("299 - \"this tag goes away\"") == "this tag goes away");
  CHECK(warning_text("299 - \"a \\\"b\\\"\"") == "a \"b\"");
  CHECK(warning_text(" 299 - \"open") == "open");
  for (const auto* text : {"", "299", "299 - ", "299 - \"\"", "199 - \"x\"", "2999 - \"x\""}) {
    CHECK_FALSE(warning_text(text));
  }
}

TEST_CASE("each warning is told once") {
  FakeServer server("https://reg.example");
  Notices notices(server, "reg.example");
  for (int i = 0; i < 3; ++i) {
    notices.read(with({{"Warning", "299 - \"one\""}, {"Warning", "299 - \"two\x1b[31m\""}}));
  }
  CHECK(server.notes() == "reg.example warns: one\nreg.example warns: two\\x1b[31m\n");
}

TEST_CASE("a rate limit that is used up is told") {
  FakeServer server("https://reg.example");
  Notices notices(server, "reg.example");
  notices.read(with({{"ratelimit-limit", "100;w=21600"}, {"ratelimit-remaining", "76;w=21600"}}));
  notices.read(with({{"RateLimit-Remaining", "much"}}));
  CHECK(server.notes().empty());
  notices.read(with({{"ratelimit-limit", "100;w=21600"}, {"ratelimit-remaining", "0;w=21600"}}));
  CHECK(server.notes().find("rate limit of reg.example is used up (100;w=21600)") !=
        std::string::npos);
}

TEST_SUITE_END();
