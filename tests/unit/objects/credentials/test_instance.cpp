// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/instance.hpp"
#include "unit/objects/credentials/aws_user.hpp"

#include <vector>

using namespace regctl;
using objects::ask_instance;
using test::AwsUser;

namespace {

const std::string k_roles = "/latest/meta-data/iam/security-credentials/";

/// A user on an instance that has a role.
struct Fixture : AwsUser {
  Fixture() { serve("http://169.254.169.254"); }

  void serve(const std::string& origin) {
    server.on("PUT " + origin + "/latest/api/token", {{200, "session"}});
    server.on("GET " + origin + k_roles, {{200, "mirror\n"}});
    server.on("GET " + origin + k_roles + "mirror", {{200, test::json_key("ASIA")}});
  }
};

} // namespace

TEST_SUITE_BEGIN("objects/credentials/instance");

TEST_CASE_FIXTURE(Fixture, "an instance gives the key of its role, for a session") {
  const auto answer = ask_instance(lookup());
  REQUIRE(answer.key);
  test::check_temporary(*answer.key, "ASIA");
  CHECK(answer.key->origin == "role 'mirror' of the instance (http://169.254.169.254)");
  const auto seen = server.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].headers.find("x-aws-ec2-metadata-token-ttl-seconds") == "21600");
  CHECK(seen[1].headers.find("x-aws-ec2-metadata-token") == "session");
  CHECK(seen[2].headers.find("x-aws-ec2-metadata-token") == "session");
}

TEST_CASE_FIXTURE(Fixture, "the service may be elsewhere, or not wanted") {
  serve("http://[fd00:ec2::254]");
  serve("http://127.0.0.1:1338");
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
  CHECK(ask_instance(lookup()).key->origin ==
        "role 'mirror' of the instance (http://[fd00:ec2::254])");
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1338/";
  CHECK(ask_instance(lookup()).key->origin ==
        "role 'mirror' of the instance (http://127.0.0.1:1338)");
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "nonsense";
  CHECK(test::failure([&] { ask_instance(lookup()); }) == ErrorKind::usage);
  variables["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  server.forget();
  CHECK(ask_instance(lookup()).reason == "AWS_EC2_METADATA_DISABLED is true");
  CHECK(server.lines().empty());
}

TEST_CASE_FIXTURE(Fixture, "a machine without the service, or without a role, has no key") {
  const std::string origin = "http://169.254.169.254";
  server.on("GET " + origin + k_roles + "mirror", {{500}});
  CHECK(ask_instance(lookup()).reason == origin + k_roles + "mirror answered 500");
  for (const char* roles : {"", "\n", "a/../b", "<html>"}) {
    CAPTURE(roles);
    server.on("GET " + origin + k_roles, {{200, roles}});
    CHECK(ask_instance(lookup()).reason == origin + " names no role");
  }
  server.on("GET " + origin + k_roles, {{404}});
  CHECK(ask_instance(lookup()).reason == origin + k_roles + " answered 404");
  server.on("PUT " + origin + "/latest/api/token", {{403}});
  CHECK(ask_instance(lookup()).reason == origin + "/latest/api/token answered 403");
  server.on("PUT " + origin + "/latest/api/token", {test::no_answer()});
  server.forget();
  CHECK(ask_instance(lookup()).reason == origin + " does not answer");
  CHECK(server.lines().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "the wait for the service is short, and an interruption ends it") {
  std::vector<std::optional<std::chrono::milliseconds>> waits;
  const std::string token = "PUT http://169.254.169.254/latest/api/token";
  server.on(token, [&](const test::SeenRequest& request) {
    waits.push_back(request.stall_timeout);
    return test::no_answer();
  });
  ask_instance(lookup());
  variables["AWS_METADATA_SERVICE_TIMEOUT"] = "5";
  ask_instance(lookup());
  variables["AWS_METADATA_SERVICE_TIMEOUT"] = "0";
  ask_instance(lookup());
  using std::chrono::seconds;
  CHECK(waits == decltype(waits){seconds(1), seconds(5), seconds(1)});
  server.on(token, {test::no_answer(ErrorKind::interrupted)});
  CHECK(test::failure([&] { ask_instance(lookup()); }) == ErrorKind::interrupted);
}

TEST_SUITE_END();
