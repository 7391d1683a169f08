// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/blob_mover.hpp"

#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/copy.hpp>

#include <optional>
#include <string>

namespace regctl::ops {

/// Sends the v1 image in a manifest of Docker's schema 1 to the destination of `route` as an OCI
/// image, in the given form, under `tag` if it is not empty. Nothing moves if `there`, the manifest
/// that the tag names now, was made of it. Returns the digest of the image's manifest, and adds to
/// `report`. Throws Error{protocol} for a manifest that has no whole chain; Error{integrity} for a
/// layer that is damaged or no tar.
oci::Digest convert_schema1_image(const OciRoute& route, const oci::Document& manifest,
                                  const std::string& tag, OciForm form,
                                  const std::optional<oci::Descriptor>& there, CopyReport& report);

} // namespace regctl::ops
