// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"

#include <optional>
#include <string>

namespace regctl::objects {

/// The answer of an instance's metadata service.
struct InstanceAnswer {
  std::optional<FoundKey> key;
  std::string reason; ///< why there is no key: "http://169.254.169.254 does not answer"
};

/// The key of the instance's role (EC2, and other clouds in its way), from the metadata service,
/// version 2: at AWS_EC2_METADATA_SERVICE_ENDPOINT, else at its usual address, by IPv6 if
/// AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE says so; the profile has the same settings. It is asked
/// once, and AWS_METADATA_SERVICE_TIMEOUT (seconds, else 1) ends the wait, so that a machine
/// without the service does not hang. Throws Error{protocol} for an answer that is no key.
/// Source: AWS SDKs and Tools Reference Guide, "IMDS credential provider"; botocore 1.29.
InstanceAnswer ask_instance(const KeyLookup& lookup);

} // namespace regctl::objects
