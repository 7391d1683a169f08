// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/json_key.hpp"
#include "unit/objects/credentials/aws_user.hpp"

using namespace regctl;
using objects::parse_json_key;

TEST_SUITE_BEGIN("objects/credentials/json_key");

TEST_CASE("a temporary key has a token and an end") {
  const auto found = parse_json_key(test::json_key("ASIA"), "Token", "the agent");
  test::check_temporary(found, "ASIA");
  CHECK(found.origin == "the agent");
  CHECK(parse_json_key(test::json_key("ASIA", "SessionToken"), "Token", "it")
            .key.session_token.empty());
}

TEST_CASE("the end of a key has several forms, or is left out") {
  const auto end_of = [](const std::string& end) {
    return parse_json_key(test::json_key("ASIA", "Token", end), "Token", "it").ends;
  };
  const auto end = std::chrono::system_clock::from_time_t(test::AwsUser::k_now);
  CHECK(end_of("2014-05-13T16:53:20Z") == end);
  CHECK(end_of("2014-05-13T16:53:20.123456Z") == end);
  CHECK(end_of("2014-05-13T18:53:20+02:00") == end);
  CHECK(!end_of(""));
  CHECK(!parse_json_key(R"({"AccessKeyId": "a", "SecretAccessKey": "b"})", "Token", "it").ends);
  CHECK(test::error_of([&] { end_of("tomorrow"); }).message() == "it has an end that is no time");
}

TEST_CASE("what is no key is refused without being quoted") {
  struct Row {
    const char* text;
    ErrorKind kind;
    const char* message;
  };
  const Row rows[] = {
      {"hunter2", ErrorKind::protocol, "it is no JSON object"},
      {"[\"hunter2\"]", ErrorKind::protocol, "it is no JSON object"},
      {R"({"AccessKeyId": "a", "Secret": "hunter2"})", ErrorKind::protocol,
       "it.SecretAccessKey is missing"},
      {R"({"SecretAccessKey": "hunter2"})", ErrorKind::protocol, "it.AccessKeyId is missing"},
      {R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume it"})",
       ErrorKind::denied, "it gives no key: AssumeRoleUnauthorizedAccess (EC2 cannot assume it)"},
      {R"({"Code": "Failed"})", ErrorKind::denied, "it gives no key: Failed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto error = test::error_of([&] { parse_json_key(row.text, "Token", "it"); });
    CHECK(error.kind() == row.kind);
    CHECK(error.message() == row.message);
  }
}

TEST_SUITE_END();
