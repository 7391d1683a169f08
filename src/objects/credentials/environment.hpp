// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"

#include <regctl/objects/credentials.hpp>

#include <optional>

namespace regctl::objects {

/// The key in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; nothing if neither of
/// the first two is set, Error{usage} if one of them is not.
std::optional<FoundKey> find_amazon_key(const Environment& environment);

/// The key in those variables, or in AWS_KEY and AWS_SECRET, which docker-registry reads. Half of
/// the latter is passed over, since other programs may use such names.
std::optional<FoundKey> find_environment_key(const Environment& environment);

} // namespace regctl::objects
