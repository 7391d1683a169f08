// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>

#include <memory>

namespace regctl::ops {

/// `source`, an archive, with its missing images taken from the `destination` of the copy. An
/// archive of an update may lack its base images; its chains are complete if the destination has
/// those. For an image that neither has, throws the source's error with a hint. Layers are read
/// only from the source, since images at the destination are not copied. Both must outlive the
/// result.
std::unique_ptr<V1Repository> make_backed_repository(V1Repository& source,
                                                     V1Repository& destination);

} // namespace regctl::ops
