// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/profiles.hpp"
#include "unit/objects/credentials/aws_user.hpp"

using namespace regctl;
using objects::AwsProfiles;
using test::AwsUser;

namespace {

AwsProfiles read(const AwsUser& user) {
  return {user.environment, user.home.path()};
}

/// "x" of a profile; "none" without it, or without the profile.
std::string x_of(const AwsProfiles& profiles, std::string_view name) {
  const auto* profile = profiles.find(name);
  return profile == nullptr ? "none" : profile->find("x").value_or("none");
}

} // namespace

TEST_SUITE_BEGIN("objects/credentials/profiles");

TEST_CASE_FIXTURE(AwsUser, "each file names its profiles in its own way") {
  write_config("[profile a]\nx = 1\n[b]\nx = 1\n[profilec]\nx = 1\n[profile d e]\nx = 1\n"
               "[profile\tf]\nx = 1\n[sso-session s]\nx = 1\n");
  write_credentials("[g]\nx = 1\n[profile h]\nx = 1\n");
  const auto parsed = read(*this);
  CHECK(x_of(parsed, "a") == "1");
  CHECK(x_of(parsed, "f") == "1");
  CHECK(x_of(parsed, "g") == "1");
  for (const char* none : {"b", "c", "profilec", "d", "e", "d e", "h", "profile h", "s"}) {
    CAPTURE(none);
    CHECK(parsed.find(none) == nullptr);
  }
}

TEST_CASE_FIXTURE(AwsUser, "both files tell of a profile, and of one thing the credentials'") {
  write_config("[profile a]\nx = 1\ny = 1\n[profile a]\nz = 1\n");
  write_credentials("[a]\nx = 2\n");
  const auto parsed = read(*this);
  const auto* profile = parsed.find("a");
  REQUIRE(profile);
  CHECK(profile->properties == objects::IniProperties{{"x", "2"}, {"y", "1"}, {"z", "1"}});
}

TEST_CASE_FIXTURE(AwsUser, "the default profile needs no prefix, but does not count beside one") {
  write_config("[default]\nx = 1\n");
  CHECK(x_of(read(*this), "default") == "1");
  write_config("[default]\nx = 1\ny = 1\n[profile default]\nz = 1\n");
  const auto parsed = read(*this);
  CHECK(parsed.find("default")->properties == objects::IniProperties{{"z", "1"}});
}

TEST_CASE_FIXTURE(AwsUser, "an empty property counts as none") {
  write_config("[default]\nx =\ns3 =\n  a =\n  b = 1\n");
  const auto parsed = read(*this);
  const auto* profile = parsed.find("default");
  CHECK(profile->find("x") == std::nullopt);
  CHECK(profile->find("s3", "a") == std::nullopt);
  CHECK(profile->find("s3", "b") == "1");
  CHECK(profile->find("other", "b") == std::nullopt);
}

TEST_CASE_FIXTURE(AwsUser, "AWS_PROFILE selects a profile, which must be there") {
  CHECK(read(*this).selected() == nullptr);
  write_config("[default]\nx = 1\n[profile dev]\nx = 2\n");
  const auto selected = [&] { return read(*this).selected()->name; };
  CHECK(selected() == "default");
  variables["AWS_PROFILE"] = "dev";
  CHECK(selected() == "dev");
  variables["AWS_PROFILE"] = "prod";
  const auto parsed = read(*this);
  const auto error = test::error_of([&] { static_cast<void>(parsed.selected()); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message() == "there is no profile 'prod', which AWS_PROFILE names, in '" +
                               (home / ".aws/credentials").string() + "' and '" +
                               (home / ".aws/config").string() + "'");
}

TEST_CASE_FIXTURE(AwsUser, "the environment names other files, also below the home") {
  write_config("[default]\nx = 1\n");
  variables["AWS_CONFIG_FILE"] = write("other", "[default]\nx = 2\n");
  CHECK(x_of(read(*this), "default") == "2");
  write("keys", "[default]\nx = 3\n");
  variables["AWS_SHARED_CREDENTIALS_FILE"] = "~/keys";
  CHECK(x_of(read(*this), "default") == "3");
  variables["AWS_CONFIG_FILE"] = variables["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
  CHECK(read(*this).selected() == nullptr);
  variables["AWS_CONFIG_FILE"] = "/no/such/file";
  CHECK(read(*this).selected() == nullptr);
}

TEST_CASE_FIXTURE(AwsUser, "services are sections of their own") {
  write_config("[services local]\ns3 =\n  endpoint_url = http://s3:9000\n[services local]\n"
               "sts =\n  endpoint_url = http://sts\n");
  const auto parsed = read(*this);
  CHECK(parsed.find_service("local", "s3", "endpoint_url") == "http://s3:9000");
  CHECK(parsed.find_service("local", "sts", "endpoint_url") == "http://sts");
  CHECK(parsed.find_service("local", "s3", "other") == std::nullopt);
  CHECK(parsed.find_service("local", "ec2", "endpoint_url") == std::nullopt);
  CHECK(parsed.find_service("other", "s3", "endpoint_url") == std::nullopt);
}

TEST_CASE_FIXTURE(AwsUser, "a malformed file is named") {
  write_credentials("[default\nsecret");
  const auto error = test::error_of([&] { read(*this); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message().starts_with("'" + (home / ".aws/credentials").string() + "', line 1 "));
}

TEST_SUITE_END();
