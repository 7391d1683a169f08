// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/credentials/aws_user.hpp"

#include <regctl/objects/credentials.hpp>

using namespace regctl;
using objects::Addressing;
using objects::find_s3_settings;
using objects::S3Settings;
using test::AwsUser;

namespace {

S3Settings settings_of(const AwsUser& user) {
  return find_s3_settings(user.environment, user.home.path());
}

/// "https://host:port" of the endpoint, or "none".
std::string endpoint_of(const AwsUser& user) {
  const auto endpoint = settings_of(user).endpoint;
  return endpoint ? endpoint->origin() : "none";
}

} // namespace

TEST_SUITE_BEGIN("objects/credentials/settings");

TEST_CASE_FIXTURE(AwsUser, "without settings there are none") {
  const auto settings = settings_of(*this);
  CHECK(settings.region.empty());
  CHECK(!settings.endpoint);
  CHECK(!settings.addressing);
  CHECK(settings.ca_file.empty());
}

TEST_CASE_FIXTURE(AwsUser, "the region is the first that is set") {
  write_config("[default]\nregion = eu-west-3\n");
  CHECK(settings_of(*this).region == "eu-west-3");
  variables["AWS_DEFAULT_REGION"] = "eu-west-2";
  CHECK(settings_of(*this).region == "eu-west-2");
  variables["AWS_REGION"] = "eu-west-1";
  CHECK(settings_of(*this).region == "eu-west-1");
  variables["AWS_REGION"] = "";
  CHECK(settings_of(*this).region == "eu-west-2");
}

TEST_CASE_FIXTURE(AwsUser, "the endpoint is the first that is set") {
  write_config("[default]\nendpoint_url = http://profile:1\n");
  CHECK(endpoint_of(*this) == "http://profile:1");
  write_config("[default]\nendpoint_url = http://profile:1\nservices = local\n"
               "[services local]\ns3 =\n  endpoint_url = http://services:1\n"
               "sts =\n  endpoint_url = http://wrong\n");
  CHECK(endpoint_of(*this) == "http://services:1");
  variables["AWS_ENDPOINT_URL"] = "http://global:1/";
  variables["AWS_ENDPOINT_URL_STS"] = "http://wrong";
  CHECK(endpoint_of(*this) == "http://global:1");
  variables["AWS_ENDPOINT_URL_S3"] = "http://s3:9000";
  CHECK(endpoint_of(*this) == "http://s3:9000");
  variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "True";
  CHECK(endpoint_of(*this) == "none");
  variables = {};
  write_config("[default]\nendpoint_url = http://a\nignore_configured_endpoint_urls = true\n");
  CHECK(endpoint_of(*this) == "none");
}

TEST_CASE_FIXTURE(AwsUser, "an endpoint that is none is refused, and its place named") {
  variables["AWS_ENDPOINT_URL_S3"] = "s3.local:9000";
  auto error = test::error_of([&] { settings_of(*this); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message().starts_with("AWS_ENDPOINT_URL_S3: "));
  variables["AWS_ENDPOINT_URL_S3"] = "http://s3.local:9000/bucket";
  error = test::error_of([&] { settings_of(*this); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.hint() == "write it like http://s3.local:9000");
  variables = {};
  write_config("[default]\nendpoint_url = nonsense\n");
  error = test::error_of([&] { settings_of(*this); });
  CHECK(error.message().starts_with("endpoint_url of profile 'default': "));
}

TEST_CASE_FIXTURE(AwsUser, "the way to name buckets is nested in the profile") {
  struct Row {
    const char* style;
    std::optional<Addressing> addressing;
  };
  const Row rows[] = {
      {"path", Addressing::path}, {"Virtual", Addressing::virtual_host}, {"auto", std::nullopt}};
  for (const auto& row : rows) {
    CAPTURE(row.style);
    write_config(std::string("[default]\ns3 =\n  addressing_style = ") + row.style + "\n");
    CHECK(settings_of(*this).addressing == row.addressing);
  }
  write_config("[default]\ns3 =\n  addressing_style = other\n");
  CHECK(test::failure([&] { settings_of(*this); }) == ErrorKind::usage);
}

TEST_CASE_FIXTURE(AwsUser, "authorities are named by the environment or the profile") {
  write_config("[default]\nca_bundle = /etc/ca.pem\n");
  CHECK(settings_of(*this).ca_file == "/etc/ca.pem");
  variables["AWS_CA_BUNDLE"] = "/other.pem";
  CHECK(settings_of(*this).ca_file == "/other.pem");
}

TEST_CASE("Amazon's endpoints follow from the region, which must be one") {
  CHECK(objects::amazon_endpoint("s3", "eu-central-1").to_string() ==
        "https://s3.eu-central-1.amazonaws.com/");
  CHECK(objects::amazon_endpoint("sts", "cn-north-1").to_string() ==
        "https://sts.cn-north-1.amazonaws.com.cn/");
  for (const char* region : {"", "example.com/", "a.b", "US", "a b", "a:1"}) {
    CAPTURE(region);
    CHECK(test::failure([&] { objects::amazon_endpoint("s3", region); }) == ErrorKind::usage);
  }
}

TEST_SUITE_END();
