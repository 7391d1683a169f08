// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/v1_to_oci_transfer.hpp"

#include <string>

namespace regctl::ops {

enum class Rescue {
  nothing,   ///< no layer is sound, or all are, or the source has a tag of that name itself
  was_there, ///< an earlier run put it
  done,
};

/// Converts the layers of a v1 image below the lowest one that cannot be converted, and sets the
/// tag TAG-rescued on them: the image of that ID in the chain, as it would become by itself. Notes
/// what it is. Layers that were converted already are not read again, and nothing is put if the tag
/// has this part already. Throws the errors of reading the chain's JSONs and of writing.
Rescue rescue_image(const ConvertRoute& route, ConvertedLayers& layers, const std::string& id,
                    const std::string& tag);

/// "TAG-rescued"
std::string rescued_tag(const std::string& tag);

} // namespace regctl::ops
