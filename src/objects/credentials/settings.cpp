// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/endpoint.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/objects/credentials.hpp>

#include <algorithm>

namespace regctl::objects {

namespace {

/// Nothing for "auto", which leaves the choice to the client.
std::optional<Addressing> find_addressing(const AwsProfile& profile) {
  const auto style = lower(profile.find("s3", "addressing_style").value_or("auto"));
  if (style == "path") {
    return Addressing::path;
  }
  if (style == "virtual") {
    return Addressing::virtual_host;
  }
  if (style != "auto") {
    throw Error(ErrorKind::usage,
                profile.describe() + " has an addressing_style that is none: " + excerpt(style),
                "write path, virtual or auto");
  }
  return std::nullopt;
}

std::optional<http::Url> find_s3_endpoint(const Environment& environment,
                                          const AwsProfiles& profiles) {
  auto endpoint = find_endpoint(environment, profiles, "s3");
  if (endpoint && endpoint->target != "/") {
    throw Error(ErrorKind::usage,
                "the endpoint " + endpoint->redacted() + " of S3 has a path, which buckets take",
                "write it like " + endpoint->origin());
  }
  return endpoint;
}

} // namespace

S3Settings find_s3_settings(const Environment& environment, const std::filesystem::path& home) {
  const auto set = without_empty(environment);
  const AwsProfiles profiles(set, home);
  const auto* profile = profiles.selected();
  S3Settings settings;
  settings.region = find_region(set, profiles);
  settings.endpoint = find_s3_endpoint(set, profiles);
  settings.addressing = profile == nullptr ? std::nullopt : find_addressing(*profile);
  settings.ca_file = find_setting(set, profiles, {"AWS_CA_BUNDLE"}, "ca_bundle").value_or("");
  return settings;
}

http::Url amazon_endpoint(std::string_view service, std::string_view region) {
  const bool is_label = !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!is_label) {
    throw Error(ErrorKind::usage, "'" + excerpt(region) + "' is no region of AWS",
                "write it like us-east-1");
  }
  const bool is_in_china = region.starts_with("cn-");
  return http::Url::parse("https://" + std::string(service) + "." + std::string(region) +
                          ".amazonaws.com" + (is_in_china ? ".cn" : ""));
}

} // namespace regctl::objects
