// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/docker_headers.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;

namespace {

std::string token_in(const std::string& name, const std::string& value, int status = 200) {
  http::Response response;
  response.status = status;
  response.headers.add(name, value);
  return token_of(response).reveal();
}

} // namespace

TEST_SUITE_BEGIN("registry/v1/docker_headers");

TEST_CASE("a token is sent back with its scheme once") {
  CHECK(token_in("X-Docker-Token", "Token signature=1") == "Token signature=1");
  CHECK(token_in("X-Docker-Token", "Token Token signature=1") == "Token signature=1");
  CHECK(token_in("X-Docker-Token", "signature=1") == "Token signature=1");
  CHECK(token_in("X-Docker-Token", "").empty());
  CHECK(token_in("X-Docker-Token", "Token ").empty());
}

TEST_CASE("an older server's token is in WWW-Authenticate, except in a 401") {
  CHECK(token_in("WWW-Authenticate", "Token signature=1") == "Token signature=1");
  CHECK(token_in("WWW-Authenticate", "Token signature=1", 401).empty());
  CHECK(token_in("WWW-Authenticate", "Basic realm=\"x\"").empty());
}

TEST_CASE("a size is a number of 64 bits and nothing else") {
  CHECK(parse_layer_size("0") == 0u);
  CHECK(parse_layer_size("18446744073709551615") == 18446744073709551615u);
  for (const auto* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_layer_size(text));
  }
  CHECK_FALSE(parse_layer_size(std::nullopt));
}

TEST_CASE("checksums are a list, or one bare string in old data") {
  using Sums = std::vector<std::string>;
  CHECK(parse_checksums(R"(["sha256:1", 7, "tarsum+sha256:2"])") ==
        Sums{"sha256:1", "tarsum+sha256:2"});
  CHECK(parse_checksums("sha256:1") == Sums{"sha256:1"});
  CHECK(parse_checksums("[]").empty());
  CHECK(parse_checksums("").empty());
}
