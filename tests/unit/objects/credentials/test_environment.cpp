// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/environment.hpp"
#include "unit/objects/credentials/aws_user.hpp"

using namespace regctl;
using objects::find_environment_key;
using objects::KeyVariables;
using test::AwsUser;

TEST_SUITE_BEGIN("objects/credentials/environment");

TEST_CASE_FIXTURE(AwsUser, "a key is made of two or three variables") {
  CHECK(!find_environment_key(environment, KeyVariables::amazon));
  variables = {{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "hunter2\n"}};
  auto found = find_environment_key(environment, KeyVariables::amazon);
  REQUIRE(found);
  CHECK(found->key.id == "AKIA");
  CHECK(found->key.secret.reveal() == "hunter2"); // as files of secrets end
  CHECK(found->key.session_token.empty());
  CHECK(!found->ends);
  CHECK(found->origin == "AWS_ACCESS_KEY_ID");
  variables["AWS_SESSION_TOKEN"] = "token";
  CHECK(find_environment_key(environment, KeyVariables::amazon)->key.session_token.reveal() ==
        "token");
}

TEST_CASE_FIXTURE(AwsUser,
                  "the variables of docker-registry come first only where they are meant") {
  variables = {{"AWS_KEY", "old"}, {"AWS_SECRET", "old secret"}, {"AWS_SESSION_TOKEN", "token"}};
  for (const auto first : {KeyVariables::amazon, KeyVariables::docker_registry}) {
    const auto found = find_environment_key(environment, first);
    REQUIRE(found);
    CHECK(found->key.secret.reveal() == "old secret");
    CHECK(found->key.session_token.empty()); // it belongs to the other names
    CHECK(found->origin == "AWS_KEY");
  }
  variables["AWS_ACCESS_KEY_ID"] = variables["AWS_SECRET_ACCESS_KEY"] = "new";
  CHECK(find_environment_key(environment, KeyVariables::amazon)->key.id == "new");
  CHECK(find_environment_key(environment, KeyVariables::docker_registry)->key.id == "old");
}

TEST_CASE_FIXTURE(AwsUser, "half a key is refused, and the missing half named") {
  struct Row {
    const char* set;
    const char* missing;
    KeyVariables first;
  };
  const Row rows[] = {
      {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", KeyVariables::amazon},
      {"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", KeyVariables::amazon},
      {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", KeyVariables::docker_registry},
      {"AWS_KEY", "AWS_SECRET", KeyVariables::docker_registry},
      {"AWS_SECRET", "AWS_KEY", KeyVariables::docker_registry},
  };
  for (const auto& row : rows) {
    CAPTURE(row.set);
    variables = {{row.set, "hunter2"}, {row.missing, " "}};
    const auto error = test::error_of([&] { find_environment_key(environment, row.first); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() ==
          std::string(row.set) + " is set, but " + row.missing + " is not, or is empty");
  }
  variables = {{"AWS_SECRET", "of another program"}};
  CHECK(!find_environment_key(environment, KeyVariables::amazon));
}

TEST_SUITE_END();
