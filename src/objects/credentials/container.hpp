// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"

#include <optional>

namespace regctl::objects {

/// The key that the agent of a container hands out (ECS, EKS Pod Identity, and other software in
/// their way), at AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI;
/// nothing if neither is set. Plain http only to this machine and to the addresses of the agents,
/// else Error{usage}. Throws Error{denied} if the agent refuses, and the errors of a request.
/// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
std::optional<FoundKey> find_container_key(const KeyLookup& lookup);

} // namespace regctl::objects
