// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>

#include <memory>

namespace regctl::ops {

/// `source`, an archive, over the `destination` that its images go to: of an update without its
/// base images the chains are whole there. What neither has is the source's error, with a hint.
/// Layers are the source's alone, since what the destination has does not move. Both must outlive
/// it.
std::unique_ptr<V1Repository> make_backed_repository(V1Repository& source,
                                                     V1Repository& destination);

} // namespace regctl::ops
