// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/digest.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops {

/// Why a v1 image cannot be converted. A value type.
struct ImageFault {
  std::string reason;  ///< "layer-cut", "image-missing", …
  std::string culprit; ///< the ID of the image at fault: itself, or one below it

  /// Whether the image is there, but its layer is not, or is of no use.
  [[nodiscard]] bool is_of_layer() const { return reason.starts_with("layer-"); }
};

/// How far a fault is looked for.
enum class FaultSearch { images, images_and_layers };

/// A v1 image of a chain, and what its layer became.
struct MadeLayer {
  std::string id;                     ///< of the v1 image
  std::vector<std::string> checksums; ///< the payload checksums that its store tells
  /// "sha256:" and the sum of the unpacked bytes; nothing for a layer without entries.
  std::optional<std::string> diff_id = {};
  std::optional<oci::Descriptor> blob = {}; ///< nothing for a layer without entries

  bool operator==(const MadeLayer&) const = default;
};

/// An OCI image that was made from a v1 chain. A value type.
struct MadeImage {
  std::string id; ///< of the v1 image
  std::string media_type;
  oci::Digest digest; ///< of the manifest
  oci::Digest config;
  /// The corrections and remarks, in words that reports show. Known only to the run that made the
  /// image.
  std::set<std::string> notes = {};
  std::vector<MadeLayer> layers = {}; ///< of each v1 image, base first

  bool operator==(const MadeImage&) const = default;
};

/// A v1 chain that was made from an OCI image. A value type.
struct MadeChain {
  std::string id;                   ///< of its top image
  std::set<std::string> notes = {}; ///< as MadeImage::notes
};

} // namespace regctl::ops
