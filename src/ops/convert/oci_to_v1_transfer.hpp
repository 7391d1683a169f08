// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/derived_image.hpp"
#include "ops/oci/manifest_tree.hpp"
#include "ops/transfer/transfer.hpp"
#include "ops/v1/whole_v1_images.hpp"

#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/session.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace regctl::ops {

/// What a run has said once, for all images that it is true of. Thread-safe.
struct SaidOnce {
  std::once_flag platform;
  std::once_flag loss;
  std::once_flag recompression;
};

/// The ends of conversions of OCI images to v1 images between two repositories. All members must
/// outlive the conversions.
struct BackRoute {
  Session& session;
  OciRepository& source;
  V1Repository& destination;
  SaidOnce& said;
  ImageDeriver& deriver;
  std::vector<oci::Platform> platforms = {}; ///< as ImageDeriver takes them
  PlainLayers plain_layers = PlainLayers::gzip;
  Progress::Verb verb = Progress::Verb::copying;
  BandwidthLimits limits = {};
  V1Repository* originals = nullptr; ///< has images as they were before they became OCI images
  WholeV1Images* whole = nullptr;    ///< what it found damaged at the destination is made again
};

/// One OCI image on its way into a repository of v1 images, as the chain that ImageDeriver gives;
/// but as the v1 images from which it was made, if the destination or `originals` has them
/// (find_originals()). A note says where it was made from v1 images that neither has.
///
/// Its items are the images of the chain, base first; their keys are the IDs, which depend on
/// content alone: an image that the destination has complete is not looked at again. A layer is
/// verified before the destination gets its checksum, so that the image of a damaged one never
/// becomes complete there. `route` must outlive the transfer.
/// `on_chain` is called by items() with the ID of the top image.
using OnChain = std::function<void(const std::string& id)>;
std::unique_ptr<Transfer> make_oci_to_v1_transfer(const BackRoute& route, oci::ManifestName image,
                                                  std::string tag, OnChain on_chain);

} // namespace regctl::ops
