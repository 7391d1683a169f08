// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"

#include <optional>

namespace regctl::objects {

/// The key of a profile: of the role that it names, by the key of its source_profile or
/// credential_source, or by its web_identity_token_file; else its own; else that of its
/// credential_process. Nothing if it has none of these. The own key of a source_profile comes
/// first, so that a profile may be its own source. Throws Error{usage} for settings that lack
/// a part or lead in a circle, Error{unsupported} for a profile that needs a browser or a device
/// (SSO, `aws login`, MFA), and what the sources throw. Source: AWS SDKs and Tools Reference Guide,
/// "Assume role credential provider"; botocore 1.29; the tests of aws-sdk-rust 1.
std::optional<FoundKey> find_profile_key(const KeyLookup& lookup, const AwsProfile& profile);

/// The key of the role in AWS_ROLE_ARN for the token in AWS_WEB_IDENTITY_TOKEN_FILE; nothing if the
/// latter is not set. Throws Error{usage} if only the former is not.
std::optional<FoundKey> find_web_identity_key(const KeyLookup& lookup);

} // namespace regctl::objects
