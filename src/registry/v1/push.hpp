// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v1/repository_session.hpp"

#include <regctl/model/v1/repository.hpp>

#include <memory>

namespace regctl::registry::v1 {

/// Announces the push to the registry (`PUT repositories/NS/NAME/`) and returns it.
///
/// For each image json, layer, checksum, as engines do. A child's json is sent when its parent's is
/// there and its checksum when its parent is complete: layers of one chain travel at the same time,
/// yet an image that is complete has a complete chain below it.
std::unique_ptr<V1Push> begin_push(std::shared_ptr<RepositorySession> session,
                                   const V1PushPlan& plan);

} // namespace regctl::registry::v1
