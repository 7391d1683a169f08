// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/blob_places.hpp"
#include "ops/oci/whole_images.hpp"

#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/made_image.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops {

/// What a layer of a v1 image became.
struct ConvertedLayer {
  std::optional<oci::Descriptor> blob; ///< nothing for a layer without entries
  std::string diff_id;                 ///< "sha256:" and the sum of the unpacked bytes
  std::optional<std::string> json;     ///< the image's JSON as it was pushed, where the store had
                                       ///< printed it anew
  std::set<std::string> notes;         ///< "trailing-bytes", "recompressed", "unverified", …
};

/// The memory of earlier runs: which layer of which image, by its checksums, became what. Both may
/// be called from any thread; empty ones know nothing.
struct KnownLayers {
  std::function<std::optional<ConvertedLayer>(const V1Image& image)> find = {};
  std::function<void(const V1Image& image, const ConvertedLayer& layer)> put = {};
};

struct DockerInstead; // in v1_to_oci_transfer.hpp

/// The ends of conversions between two repositories. All members must outlive the conversions.
struct ConvertRoute {
  Session& session;
  V1Repository& source;
  OciRepository& destination;
  std::string destination_name;
  BlobPlaces& places; ///< of the destination
  OciForm form = OciForm::oci;
  Progress::Verb verb = Progress::Verb::copying;
  BandwidthLimits limits = {};
  LayerCheck check = LayerCheck::verify; ///< of the payload checksums
  bool require_checksum = false;         ///< see check_provable()
  /// Called for each image whose manifest was put, from any thread.
  std::function<void(const MadeImage& made)> on_made = {};
  KnownLayers known = {};
  /// The digest of the manifest that an earlier run made of an image; empty: nothing is known.
  std::function<std::optional<oci::Digest>(const std::string& id)> known_manifest = {};
  WholeImages* whole = nullptr; ///< looks at blobs that are there; null: they are believed
  bool proves_layers = false;   ///< the source does, without payload checksums: by digests of blobs
  bool is_silent = false;       ///< no notes, of repairs or second attempts
  bool takes_first_attempt = false; ///< a damaged layer is not read once more
  /// The key of a layer at the source. Needed where images with equal IDs may have different
  /// layers; without it the key is the ID.
  std::function<std::string(const V1Image& image)> layer_key = {};
  /// Called with the ID of an image whose layer the source does not give, and why: it is damaged
  /// (is_damage()), or the disk fails (local_io). From any thread. Errors of a destination have
  /// those kinds too.
  std::function<void(const std::string& id, ErrorKind why)> on_bad_layer = {};
  oci::Platform assumed = usual_platform(); ///< of images that do not tell theirs
  /// The images in Docker's form, for a destination that refuses OCI's; null: there the image
  /// fails.
  DockerInstead* docker = nullptr;
};

/// The platform of images that do not tell theirs, where the user named these: the only one.
oci::Platform assumed_platform(const std::vector<oci::Platform>& named);

struct LayerConversion {
  ConvertedLayer layer;
  bool is_packed_here = false; ///< the blob's gzip was made here
  std::uint64_t bytes = 0;     ///< as read from the source
};

/// Sends a layer to the destination in one pass: its payload checksum is checked as `check` says,
/// it is unpacked, its tar is followed to the end, and what goes on is hashed. gzip stays as it is,
/// without bytes behind its end, and so does a plain tar in OCI's form; everything else becomes
/// gzip. A layer of nothing but zeros is empty and becomes no blob. A damaged layer is read twice:
/// its bytes may have changed on their way. Throws Error{integrity} for a layer that is damaged,
/// cut or no tar; then no blob appears. Rules and their sources: docs of the conversion in
/// regctl-mirror(1).
/// A layer that stays as it is and lies in a file is taken over from there where the destination
/// can do that; what is in the way is told to `on_obstacle` before the layer is copied.
LayerConversion convert_layer(const ConvertRoute& route, const V1Image& image,
                              const std::function<void(const std::string&)>& on_obstacle);

/// The layer of an image that has no other: gzip of 1,024 zeros, as Docker writes it. Registries
/// refuse manifests without layers.
std::string empty_layer_gzip();

} // namespace regctl::ops
