// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1_store.hpp>

#include <functional>
#include <memory>
#include <string>

namespace regctl {

/// `bytes` as a LayerSource of `image`: with a check it throws Error{integrity} "WHAT …" instead of
/// ending if none of image's payload checksums comes out for one of its JSON candidates or, where
/// there are none, its JSON. `on_match` hears the JSON that was right.
std::unique_ptr<LayerSource> make_layer_source(std::unique_ptr<Source> bytes, const V1Image& image,
                                               LayerCheck check, std::string what,
                                               std::function<void(const std::string&)> on_match);

} // namespace regctl
