// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/endpoint.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>

#include <algorithm>

namespace regctl::objects {

namespace {

constexpr std::string_view k_endpoint_url = "endpoint_url";

/// "AWS_ENDPOINT_URL_S3" for "s3".
std::string variable_of(std::string_view service) {
  std::string name = "AWS_ENDPOINT_URL_";
  for (const char c : service) {
    name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

/// A URL and the place that it was written in, for messages.
struct WrittenUrl {
  std::string text;
  std::string place;
};

std::optional<WrittenUrl> find_url(const Environment& environment, const AwsProfiles& profiles,
                                   std::string_view service) {
  for (const auto& variable : {variable_of(service), std::string("AWS_ENDPOINT_URL")}) {
    if (auto url = environment(variable)) {
      return WrittenUrl{std::move(*url), variable};
    }
  }
  const auto* profile = profiles.selected();
  if (profile == nullptr) {
    return std::nullopt;
  }
  const auto services = profile->find("services");
  auto url = services ? profiles.find_service(*services, service, k_endpoint_url) : std::nullopt;
  if (!url) {
    url = profile->find(k_endpoint_url);
  }
  return url ? std::optional(WrittenUrl{*url, "endpoint_url of " + profile->describe()})
             : std::nullopt;
}

} // namespace

std::optional<std::string> find_setting(const Environment& environment, const AwsProfiles& profiles,
                                        std::initializer_list<const char*> variables,
                                        std::string_view property) {
  for (const auto* variable : variables) {
    if (auto value = environment(variable)) {
      return value;
    }
  }
  const auto* profile = profiles.selected();
  return profile == nullptr ? std::nullopt : profile->find(property);
}

bool is_on(const std::optional<std::string>& setting) {
  return setting && lower(*setting) == "true";
}

std::string find_region(const Environment& environment, const AwsProfiles& profiles) {
  return find_setting(environment, profiles, {"AWS_REGION", "AWS_DEFAULT_REGION"}, "region")
      .value_or("");
}

std::optional<http::Url> find_endpoint(const Environment& environment, const AwsProfiles& profiles,
                                       std::string_view service) {
  if (is_on(find_setting(environment, profiles, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"},
                         "ignore_configured_endpoint_urls"))) {
    return std::nullopt;
  }
  const auto written = find_url(environment, profiles, service);
  if (!written) {
    return std::nullopt;
  }
  try {
    return http::Url::parse(trim(written->text));
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, written->place + ": " + error.message(),
                "write it like https://HOST:PORT");
  }
}

} // namespace regctl::objects
