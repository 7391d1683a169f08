// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/v1_to_oci_transfer.hpp"
#include "ops/oci/blob_mover.hpp"
#include "ops/oci/oci_transfer.hpp"
#include "ops/transfer/instead.hpp"

#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/copy.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace regctl::ops {

/// The state shared by all transfers of images of Docker's schema 1 to one destination.
/// Thread-safe.
struct Schema1Destination {
  OciForm form = OciForm::oci; ///< of converted images
  /// Called with what each converted image became, also where it was there; from any thread.
  std::function<void(const oci::Digest& manifest, const oci::Digest& made)> on_made = {};
  ConvertedLayers layers = {};
  RefusedForm refused = {}; ///< manifests of schema 1
};

/// One image of Docker's schema 1 on its way to `tag`: unchanged where the destination takes that,
/// converted otherwise. A refusal shows only at the end of a transfer, whose finish() then
/// converts, which no item counts; the transfers that are opened later convert at once. Nothing
/// moves if the tag's manifest at the destination was made of this image. `route`, `how` and
/// `shared` must outlive it.
std::unique_ptr<Transfer> make_schema1_transfer(const OciRoute& route, const OciCopy& how,
                                                ManifestNode root, const std::string& tag,
                                                Schema1Destination& shared);

/// Sends the v1 image in a manifest of Docker's schema 1 to the destination of `route` as an OCI
/// image, in the given form, under `tag` if it is not empty. Nothing moves if `there`, the manifest
/// that the tag names now, was made of it. Returns the digest of the image's manifest, and adds to
/// `report`. Throws Error{protocol} for a manifest that has no whole chain; Error{integrity} for a
/// layer that is damaged or no tar.
oci::Digest convert_schema1_image(const OciRoute& route, const oci::Document& manifest,
                                  const std::string& tag, OciForm form,
                                  const std::optional<oci::Descriptor>& there, CopyReport& report);

} // namespace regctl::ops
