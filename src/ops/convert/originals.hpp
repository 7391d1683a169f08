// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/derived_image.hpp"

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/session.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// The v1 image from which an OCI image says that it was made; nothing if it says none.
std::optional<std::string> original_id_of(const DerivedImage& image);

/// The v1 images from which `image` was made, base first, if `repository` has them complete: the
/// chain of its original_id_of(), whose JSONs convert_config() turns into the very config that the
/// image has. An image that was built on a converted one inherits its annotation, but has another
/// config. Nothing if they are not there or are others. Makes a request for each image of the
/// chain.
std::optional<std::vector<V1Image>> find_originals(Session& session, V1Repository& repository,
                                                   const DerivedImage& image);

} // namespace regctl::ops
