// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/environment.hpp"
#include "unit/objects/credentials/aws_user.hpp"

#include <string>
#include <utility>

using namespace regctl;
using objects::find_environment_key;
using test::AwsUser;

TEST_SUITE_BEGIN("objects/credentials/environment");

TEST_CASE_FIXTURE(AwsUser, "a key is made of two or three variables") {
  CHECK(!find_environment_key(environment));
  variables = {{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "hunter2\n"}};
  auto found = find_environment_key(environment);
  REQUIRE(found);
  CHECK(found->key.id == "AKIA");
  CHECK(found->key.secret.reveal() == "hunter2"); // as files of secrets end
  CHECK(found->key.session_token.empty());
  CHECK(!found->ends);
  CHECK(found->origin == "AWS_ACCESS_KEY_ID");
  variables["AWS_SESSION_TOKEN"] = "token";
  CHECK(find_environment_key(environment)->key.session_token.reveal() == "token");
}

TEST_CASE_FIXTURE(AwsUser, "the variables of docker-registry come second") {
  variables = {{"AWS_KEY", "old"}, {"AWS_SECRET", "old secret"}, {"AWS_SESSION_TOKEN", "token"}};
  const auto found = find_environment_key(environment);
  REQUIRE(found);
  CHECK(found->key.secret.reveal() == "old secret");
  CHECK(found->key.session_token.empty()); // it belongs to the other names
  CHECK(found->origin == "AWS_KEY");
  variables["AWS_ACCESS_KEY_ID"] = variables["AWS_SECRET_ACCESS_KEY"] = "new";
  CHECK(find_environment_key(environment)->key.id == "new");
}

TEST_CASE_FIXTURE(AwsUser, "half a key is refused, and the missing half named") {
  const std::pair<const char*, const char*> rows[] = {
      {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
      {"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"},
  };
  for (const auto& row : rows) {
    const std::string set = row.first;
    const std::string missing = row.second;
    CAPTURE(set);
    variables = {{set, "hunter2"}, {missing, " "}};
    const auto error = test::error_of([&] { find_environment_key(environment); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() == set + " is set, but " + missing + " is not, or is empty");
  }
  variables = {{"AWS_SECRET", "of another program"}};
  CHECK(!find_environment_key(environment));
}

TEST_SUITE_END();
