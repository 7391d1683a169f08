// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/v1/service.hpp"

#include <optional>
#include <string>

namespace regctl::server {

inline constexpr auto k_no_image = "Image not found";
inline constexpr auto k_broken_chain =
    "the chain of the image's parents is broken, a loop, or longer than 4096 images";

/// The refusal of a request for an image that is not complete; nothing if it is.
std::optional<Response> refuse_incomplete(const Call& call);

/// Fetches the JSON of a missing image from the mirror's source, if there is one. Returns nothing,
/// or the refusal: `absent` if the source has no such image.
std::optional<Response> adopt(Call& call, const std::string& id, Response absent);

} // namespace regctl::server
