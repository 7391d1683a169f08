// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/profile_key.hpp"
#include "unit/objects/credentials/aws_user.hpp"

#include <vector>

using namespace regctl;
using objects::FoundKey;
using test::AwsUser;
using test::sts_answer;

namespace {

struct Fixture : AwsUser {
  /// The key of the profile "a" in this file.
  std::optional<FoundKey> find(const std::string& config) {
    write_config(config);
    variables["AWS_PROFILE"] = "a";
    const auto looked = lookup();
    return objects::find_profile_key(looked, *profiles->selected());
  }

  Error error(const std::string& config) {
    return test::error_of([&] { find(config); });
  }

  /// The IDs of the keys that signed, in their order.
  [[nodiscard]] std::vector<std::string> signers() const {
    std::vector<std::string> ids;
    for (const auto& request : server.seen()) {
      const std::string_view signature = request.authorization;
      if (const auto begin = signature.find('='); begin != std::string_view::npos) {
        ids.emplace_back(signature.substr(begin + 1, signature.find('/') - begin - 1));
      }
    }
    return ids;
  }
};

using Ids = std::vector<std::string>;

std::string own_key(const std::string& id) {
  return "aws_access_key_id = " + id + "\naws_secret_access_key = secret\n";
}

} // namespace

TEST_SUITE_BEGIN("objects/credentials/profile_key");

TEST_CASE_FIXTURE(Fixture, "a profile has a key of its own, or none") {
  CHECK(!find("[profile a]\nregion = eu-west-1\n"));
  const auto found = find("[profile a]\n" + own_key("AKIA") + "aws_session_token = token\n");
  REQUIRE(found);
  CHECK(found->key.id == "AKIA");
  CHECK(found->key.secret.reveal() == "secret");
  CHECK(found->key.session_token.reveal() == "token");
  CHECK(!found->ends);
  CHECK(found->origin == "profile 'a'");
  for (const char* half : {"aws_access_key_id = x", "aws_secret_access_key = hunter2"}) {
    const auto problem = error(std::string("[profile a]\n") + half + "\n");
    CHECK(problem.kind() == ErrorKind::usage);
    CHECK(problem.message().find("hunter2") == std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "a program of the profile prints the key") {
  const auto found = find("[profile a]\ncredential_process = echo '" +
                          test::json_key("ASIA", "SessionToken") + "'\n");
  REQUIRE(found);
  test::check_temporary(*found, "ASIA");
  CHECK(find("[profile a]\ncredential_process = false\n" + own_key("AKIA"))->key.id == "AKIA");
}

TEST_CASE_FIXTURE(Fixture, "a role is assumed with the key of another profile") {
  server.on("POST /", {sts_answer("AssumeRole", "ASIA")});
  const auto found = find("[profile a]\nrole_arn = arn:a\nsource_profile = b\nexternal_id = e\n" +
                          own_key("wrong") + "[profile b]\n" + own_key("AKIA"));
  REQUIRE(found);
  test::check_temporary(*found, "ASIA");
  CHECK(found->origin == "role 'arn:a' of profile 'a'");
  CHECK(signers() == Ids{"AKIA"});
  CHECK(server.seen().at(0).body.find("&ExternalId=e") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "roles are assumed one by the other") {
  server.on("POST /", {sts_answer("AssumeRole", "first"), sts_answer("AssumeRole", "second")});
  const auto found = find("[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\n"
                          "role_arn = arn:b\nsource_profile = c\n[profile c]\n" +
                          own_key("AKIA"));
  CHECK(found->key.id == "second");
  CHECK(signers() == Ids{"AKIA", "first"});
}

TEST_CASE_FIXTURE(Fixture, "the own key of a source counts more than its role") {
  server.on("POST /", {sts_answer("AssumeRole", "ASIA")});
  find("[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\n"
       "source_profile = c\n" +
       own_key("AKIA"));
  CHECK(signers() == Ids{"AKIA"});
  server.forget();
  find("[profile a]\nrole_arn = arn:a\nsource_profile = a\n" + own_key("self"));
  CHECK(signers() == Ids{"self"});
}

TEST_CASE_FIXTURE(Fixture, "a role is assumed with the key of a source") {
  const std::string agent = "http://169.254.170.2/k";
  const std::string instance = "http://169.254.169.254";
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  variables = {{"AWS_ACCESS_KEY_ID", "AKIA"},
               {"AWS_SECRET_ACCESS_KEY", "secret"},
               {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/k"}};
  server.on("POST /", {sts_answer("AssumeRole", "ASIA")});
  server.on("GET " + agent, {{200, test::json_key("agent")}});
  server.on("PUT " + instance + "/latest/api/token", {{200, "session"}});
  server.on("GET " + instance + roles, {{200, "mirror"}});
  server.on("GET " + instance + roles + "mirror", {{200, test::json_key("instance")}});
  const auto signer_of = [&](const std::string& source) {
    server.forget();
    find("[profile a]\nrole_arn = arn:a\ncredential_source = " + source + "\n");
    return signers().back();
  };
  CHECK(signer_of("Environment") == "AKIA");
  CHECK(signer_of("EcsContainer") == "agent");
  CHECK(signer_of("Ec2InstanceMetadata") == "instance");
  const auto problem_of = [&](const std::string& source) {
    return error("[profile a]\nrole_arn = arn:a\ncredential_source = " + source + "\n");
  };
  CHECK(problem_of("Elsewhere").kind() == ErrorKind::usage);
  variables = {{"AWS_EC2_METADATA_DISABLED", "true"}};
  for (const char* source : {"Environment", "EcsContainer", "Ec2InstanceMetadata"}) {
    CAPTURE(source);
    CHECK(problem_of(source).kind() == ErrorKind::denied);
  }
  CHECK(problem_of("Ec2InstanceMetadata").message() ==
        "credential_source Ec2InstanceMetadata of profile 'a' has no key: "
        "AWS_EC2_METADATA_DISABLED is true");
}

TEST_CASE_FIXTURE(Fixture, "a web identity of the profile is a role, too, and may be a source") {
  server.on("POST /", {sts_answer("AssumeRoleWithWebIdentity", "web")});
  const auto web = "role_arn = arn:w\nrole_session_name = s\nweb_identity_token_file = " +
                   write("token", "eyJ") + "\n";
  const auto found = find("[profile a]\n" + web + own_key("wrong"));
  CHECK(found->key.id == "web");
  CHECK(found->origin == "role 'arn:w' of profile 'a'");
  CHECK(server.seen().at(0).body.find("&RoleSessionName=s&WebIdentityToken=eyJ") !=
        std::string::npos);
  server.on("POST /",
            {sts_answer("AssumeRoleWithWebIdentity", "web"), sts_answer("AssumeRole", "ASIA")});
  CHECK(find("[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\n" + web)->key.id ==
        "ASIA");
  CHECK(signers().back() == "web");
}

TEST_CASE_FIXTURE(Fixture, "settings that lack a part or lead in a circle are refused") {
  struct Row {
    const char* config;
    const char* message;
  };
  const Row rows[] = {
      {"[profile a]\nrole_arn = x\n",
       "profile 'a' has role_arn, and neither of source_profile and credential_source"},
      {"[profile a]\nrole_arn = x\nsource_profile = b\ncredential_source = Environment\n",
       "profile 'a' has role_arn, and both of source_profile and credential_source"},
      {"[profile a]\nrole_arn = x\nsource_profile = b\n",
       "profile 'a' names the source_profile 'b', which is not there"},
      {"[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\n",
       "profile 'a' names the source_profile 'b', which has no key"},
      {"[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\naws_access_key_id = x\n",
       "profile 'b' has aws_access_key_id, but no aws_secret_access_key"},
      {"[profile a]\nrole_arn = x\nsource_profile = a\n",
       "profile 'a' leads in a circle by source_profile"},
      {"[profile a]\nrole_arn = x\nsource_profile = b\naws_access_key_id = x\n"
       "aws_secret_access_key = y\n[profile b]\nrole_arn = x\nsource_profile = a\n",
       "profile 'b' leads in a circle by source_profile"},
      {"[profile a]\nweb_identity_token_file = /token\n",
       "profile 'a' has web_identity_token_file, but no role_arn"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.config);
    const auto problem = error(row.config);
    CHECK(problem.kind() == ErrorKind::usage);
    CHECK(problem.message() == row.message);
  }
  CHECK(server.lines().empty());
}

TEST_CASE_FIXTURE(Fixture, "a profile that needs a login is refused, unless it has a key too") {
  for (const char* login : {"sso_session = s", "sso_start_url = https://x", "login_session = l",
                            "role_arn = x\nsource_profile = b\nmfa_serial = m"}) {
    CAPTURE(login);
    const auto problem = error(std::string("[profile a]\n") + login + "\n");
    CHECK(problem.kind() == ErrorKind::unsupported);
    CHECK(problem.hint().find("export-credentials --profile a ") != std::string::npos);
  }
  CHECK(find("[profile a]\nsso_session = s\n" + own_key("AKIA"))->key.id == "AKIA");
}

TEST_CASE_FIXTURE(Fixture, "a web identity of the environment is a role") {
  CHECK(!objects::find_web_identity_key(lookup()));
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = write("token", "eyJ");
  CHECK(test::failure([&] { objects::find_web_identity_key(lookup()); }) == ErrorKind::usage);
  variables["AWS_ROLE_ARN"] = "arn:w";
  variables["AWS_ROLE_SESSION_NAME"] = "pod";
  server.on("POST /", {sts_answer("AssumeRoleWithWebIdentity", "web")});
  const auto found = objects::find_web_identity_key(lookup());
  REQUIRE(found);
  CHECK(found->origin == "role 'arn:w' of AWS_WEB_IDENTITY_TOKEN_FILE");
  CHECK(server.seen().at(0).body.find("&RoleSessionName=pod&") != std::string::npos);
}

TEST_SUITE_END();
