// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/profiles.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/http/url.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

// Settings that requests to every service of Amazon's need. Of `environment` an empty variable
// counts as one that is not set. All throw Error{usage} as AwsProfiles::selected() does.

/// The first of the variables that is set, else the property of the selected profile.
std::optional<std::string> find_setting(const Environment& environment, const AwsProfiles& profiles,
                                        std::initializer_list<const char*> variables,
                                        std::string_view property);

/// Whether a setting is "true", in any case.
bool is_on(const std::optional<std::string>& setting);

/// AWS_REGION, AWS_DEFAULT_REGION, or the profile's region; empty if there is none.
std::string find_region(const Environment& environment, const AwsProfiles& profiles);

/// The URL at which the service ("s3", "sts") is asked instead of Amazon's: AWS_ENDPOINT_URL_STS,
/// AWS_ENDPOINT_URL, the profile's services, the profile's endpoint_url. None if
/// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true. Throws Error{usage} for a text that is no URL.
/// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
std::optional<http::Url> find_endpoint(const Environment& environment, const AwsProfiles& profiles,
                                       std::string_view service);

} // namespace regctl::objects
