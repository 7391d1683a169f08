// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v1/repository_session.hpp"

#include <regctl/model/v1/repository.hpp>

#include <memory>

namespace regctl::registry::v1 {

/// Announces the push to the registry (`PUT repositories/NS/NAME/`) and returns it.
///
/// Each image is sent like engines do: json, layer, checksum. A child's json is sent when the
/// registry has its parent's json, and its checksum when the parent is complete. So layers of one
/// chain are sent in parallel, and yet a complete image always has complete parents.
std::unique_ptr<V1Push> begin_push(std::shared_ptr<RepositorySession> session,
                                   const V1PushPlan& plan);

} // namespace regctl::registry::v1
