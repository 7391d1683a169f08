// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/sts.hpp"
#include "unit/objects/credentials/aws_user.hpp"

using namespace regctl;
using objects::assume_role;
using objects::assume_role_with_web_identity;
using objects::Role;
using test::AwsUser;
using test::Reply;
using test::sts_answer;

namespace {

const std::string k_arn = "arn:aws:iam::123456789012:role/mirror";
const http::AwsKey k_by = {"AKIA", http::Secret("secret"), http::Secret("session")};

struct Fixture : AwsUser {
  Role role{k_arn, std::nullopt, std::nullopt, std::nullopt};
};

} // namespace

TEST_SUITE_BEGIN("objects/credentials/sts");

TEST_CASE_FIXTURE(Fixture, "a role is assumed by a request that is signed") {
  server.on("POST /", {sts_answer("AssumeRole", "ASIA")});
  const auto found = assume_role(lookup(), role, k_by);
  test::check_temporary(found, "ASIA");
  CHECK(found.origin == "role '" + k_arn + "'");
  const auto seen = server.seen().at(0);
  CHECK(seen.body == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
                     "123456789012%3Arole%2Fmirror&RoleSessionName=regctl-1400000000");
  CHECK(seen.headers.find("content-type") == "application/x-www-form-urlencoded");
  CHECK(seen.headers.find("x-amz-security-token") == "session");
  CHECK(seen.authorization.starts_with(
      "AWS4-HMAC-SHA256 Credential=AKIA/20140513/us-east-1/sts/aws4_request,"));
}

TEST_CASE_FIXTURE(Fixture, "the words of a role are sent along") {
  role.session_name = "nightly";
  role.external_id = "a&b";
  role.duration_seconds = "900";
  server.on("POST /", {sts_answer("AssumeRole", "ASIA")});
  assume_role(lookup(), role, k_by);
  CHECK(server.seen().at(0).body.ends_with(
      "&RoleSessionName=nightly&ExternalId=a%26b&DurationSeconds=900"));
}

TEST_CASE_FIXTURE(Fixture, "a web identity needs no key, and is read anew each time") {
  server.on("POST /", {sts_answer("AssumeRoleWithWebIdentity", "ASIA")});
  const auto file = write("token", "eyJ.1\n");
  test::check_temporary(assume_role_with_web_identity(lookup(), role, file), "ASIA");
  const auto seen = server.seen().at(0);
  CHECK(seen.body.starts_with("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="));
  CHECK(seen.body.ends_with("&WebIdentityToken=eyJ.1"));
  CHECK(seen.authorization.empty());
  write("token", "eyJ.2\n");
  assume_role_with_web_identity(lookup(), role, file);
  CHECK(server.seen().at(1).body.ends_with("&WebIdentityToken=eyJ.2"));
}

TEST_CASE_FIXTURE(Fixture, "a token that is missing, or none, is an error of the settings") {
  for (const auto& file : {std::string("/no/such/token"), write("empty", " \n"),
                           write("lines", "secret\nsecret\n"), home.path().string()}) {
    CAPTURE(file);
    const auto error = test::error_of([&] { assume_role_with_web_identity(lookup(), role, file); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().find("'" + file + "'") != std::string::npos);
    CHECK(error.message().find("secret") == std::string::npos);
  }
  CHECK(server.lines().empty());
}

TEST_CASE_FIXTURE(Fixture, "the service of the region is asked, or the one that is configured") {
  server.on("POST https://sts.eu-west-1.amazonaws.com/", {sts_answer("AssumeRole", "regional")});
  server.on("POST http://ceph:8000/", {sts_answer("AssumeRole", "own")});
  variables["AWS_REGION"] = "eu-west-1";
  CHECK(assume_role(lookup(), role, k_by).key.id == "regional");
  CHECK(server.seen().at(0).authorization.find("/eu-west-1/sts/") != std::string::npos);
  variables["AWS_ENDPOINT_URL"] = "http://wrong";
  variables["AWS_ENDPOINT_URL_STS"] = "http://ceph:8000";
  CHECK(assume_role(lookup(), role, k_by).key.id == "own");
}

TEST_CASE_FIXTURE(Fixture, "a refusal is told with its code") {
  server.on("POST /", {{400, "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredTokenException"
                             "</Code><Message>Token expired</Message></Error></ErrorResponse>"}});
  const auto error = test::error_of([&] { assume_role(lookup(), role, k_by); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message() == "role '" + k_arn +
                               "' is not given by https://sts.amazonaws.com: the server answered "
                               "400 ExpiredTokenException (Token expired)");
  CHECK(server.lines().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a failure that may pass is tried again, twice") {
  server.on("POST /", {{503}, test::no_answer(), sts_answer("AssumeRole", "ASIA")});
  CHECK(assume_role(lookup(), role, k_by).key.id == "ASIA");
  server.on("POST /", {{503}});
  server.forget();
  CHECK(test::failure([&] { assume_role(lookup(), role, k_by); }) == ErrorKind::unavailable);
  CHECK(server.lines().size() == 3);
  server.on("POST /", {test::no_answer(ErrorKind::protocol)});
  server.forget();
  CHECK(test::failure([&] { assume_role(lookup(), role, k_by); }) == ErrorKind::protocol);
  CHECK(server.lines().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "an answer without a key is refused, and not quoted") {
  for (const char* answer : {"<AssumeRoleResponse/>", "secret", "<a>secret</a>"}) {
    CAPTURE(answer);
    server.on("POST /", {{200, answer}});
    const auto error = test::error_of([&] { assume_role(lookup(), role, k_by); });
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.message().find("secret") == std::string::npos);
  }
}

TEST_SUITE_END();
