// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/layer_conversion.hpp"

#include <optional>
#include <string>

namespace regctl::ops {

/// The reason of a layer that the source's disk does not give.
inline constexpr const char* k_layer_unreadable = "layer-unreadable";

/// Why the chain of a v1 image cannot be converted, and because of which image: the parents are
/// followed down first, then the layers are looked at from the base on, if that is wanted. Layers
/// that the route knows are sound; others are read again, up to the one at fault. Nothing if no
/// fault shows. Throws the errors of reading that say nothing about an image.
std::optional<ImageFault> find_chain_fault(const ConvertRoute& route, const std::string& id,
                                           FaultSearch search);

} // namespace regctl::ops
