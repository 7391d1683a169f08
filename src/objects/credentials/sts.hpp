// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace regctl::objects {

/// A role that is to be assumed.
struct Role {
  std::string arn;                         ///< "arn:aws:iam::123456789012:role/mirror"
  std::optional<std::string> session_name; ///< nothing: one of ours, with the time
  std::optional<std::string> external_id;  ///< a word that the role's owner asks for
  std::optional<std::string> duration_seconds;
};

// Both ask the security token service (STS) for a temporary key: at the endpoint of find_endpoint()
// for "sts", else at Amazon's in the region, else at the one for all regions. Both throw
// Error{denied} if it refuses, and the errors of a request. Source: AWS Security Token Service API
// Reference, version 2011-06-15; AssumeRole also Ceph 16.2 as it behaves.

/// The key of a role, for the owner of the key `by`.
FoundKey assume_role(const KeyLookup& lookup, const Role& role, const http::AwsKey& by);

/// The key of a role, for the owner of the token in this file (of Kubernetes, or of a CI system).
/// The file is read anew each time: its writer renews it.
FoundKey assume_role_with_web_identity(const KeyLookup& lookup, const Role& role,
                                       const std::filesystem::path& token_file);

} // namespace regctl::objects
