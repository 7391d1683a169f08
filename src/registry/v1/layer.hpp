// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1_store.hpp>

#include <memory>
#include <string>

namespace regctl::registry::v1 {

/// `bytes` as a LayerSource of `image`: with LayerCheck::verify it throws Error{integrity} "WHAT …"
/// instead of ending if none of image's payload checksums comes out, for its JSON or one of the
/// candidates.
std::unique_ptr<LayerSource> make_layer_source(std::unique_ptr<Source> bytes, const V1Image& image,
                                               LayerCheck check, std::string what);

} // namespace regctl::registry::v1
