// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/container.hpp"
#include "unit/objects/credentials/aws_user.hpp"

using namespace regctl;
using objects::find_container_key;
using test::AwsUser;

namespace {

constexpr const char* k_relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* k_full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* k_token = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

} // namespace

TEST_SUITE_BEGIN("objects/credentials/container");

TEST_CASE_FIXTURE(AwsUser, "nobody is asked unless a variable says so") {
  CHECK(!find_container_key(lookup()));
  CHECK(server.lines().empty());
}

TEST_CASE_FIXTURE(AwsUser, "the agent of a container gives a key for a path") {
  variables = {{k_relative, "/v2/credentials?id=1"}, {k_full, "http://localhost/wrong"}};
  server.on("GET http://169.254.170.2/v2/credentials?id=1", {{200, test::json_key("ASIA")}});
  const auto found = find_container_key(lookup());
  REQUIRE(found);
  test::check_temporary(*found, "ASIA");
  CHECK(found->origin == "the container's agent http://169.254.170.2");
  CHECK(server.seen().at(0).authorization.empty());
}

TEST_CASE_FIXTURE(AwsUser, "a URL must be on a way that nobody else can read") {
  for (const char* url : {"https://agent.example/k", "http://localhost:8080/k",
                          "http://127.0.0.1/k", "http://[::1]/k", "http://169.254.170.2/k",
                          "http://169.254.170.23/k", "http://[fd00:ec2::23]/k"}) {
    CAPTURE(url);
    variables = {{k_full, url}};
    server.on("GET " + std::string(url), {{200, test::json_key("ASIA")}});
    CHECK(find_container_key(lookup()).has_value());
  }
  server.forget();
  for (const char* url : {"http://agent.example/k", "http://169.254.169.254/k",
                          "http://localhost.example/k", "http://10.0.0.1/k", "/k", "ftp://a/k"}) {
    CAPTURE(url);
    variables = {{k_full, url}};
    CHECK(test::failure([&] { find_container_key(lookup()); }) == ErrorKind::usage);
  }
  variables = {{k_relative, "@agent.example/k"}};
  CHECK(test::failure([&] { find_container_key(lookup()); }) == ErrorKind::usage);
  CHECK(server.lines().empty());
}

TEST_CASE_FIXTURE(AwsUser, "the agent may want a token, that of a file first") {
  variables = {{k_full, "http://localhost/k"}, {k_token, "Basic abc"}};
  server.on("GET http://localhost/k", {{200, test::json_key("ASIA")}});
  find_container_key(lookup());
  CHECK(server.seen().at(0).authorization == "Basic abc");
  variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = write("token", "eyJ\n");
  find_container_key(lookup());
  CHECK(server.seen().at(1).authorization == "eyJ");
  variables = {{k_full, "http://localhost/k"}, {k_token, "a\r\nHost: b"}};
  CHECK(test::failure([&] { find_container_key(lookup()); }) == ErrorKind::usage);
}

TEST_CASE_FIXTURE(AwsUser, "an agent that gives no key is an error") {
  variables = {{k_relative, "/k"}};
  const auto error_of = [&](int status, const std::string& body) {
    server.on("GET http://169.254.170.2/k", {{status, body}});
    return test::error_of([&] { find_container_key(lookup()); });
  };
  CHECK(error_of(403, "").kind() == ErrorKind::denied);
  CHECK(error_of(404, "").message() == "the container's agent http://169.254.170.2 answered 404");
  CHECK(error_of(500, "").kind() == ErrorKind::unavailable);
  CHECK(error_of(200, "{}").kind() == ErrorKind::protocol);
}

TEST_SUITE_END();
