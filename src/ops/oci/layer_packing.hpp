// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/blob_mover.hpp"
#include "ops/oci/manifest_tree.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace regctl::ops {

struct PackedImage {
  ManifestNode root;            ///< as it was, but for layers that are gzip now
  std::uint64_t layers = 0;     ///< that were sent
  std::uint64_t bytes_read = 0; ///< of the plain layers
};

/// What the plain layers became that were sent in a run to one store. Thread-safe.
class PackedLayers {
public:
  /// By the digest of the plain layer.
  [[nodiscard]] std::optional<oci::PutBlob> find(const oci::Digest& plain) const;
  void add(const oci::Digest& plain, const oci::PutBlob& packed);

private:
  mutable std::mutex mutex_; ///< guards the member below
  std::map<oci::Digest, oci::PutBlob> packed_;
};

/// Sends the plain layers of an image to the destination as gzip, as engines do, since archives
/// hold them unpacked: its config, and so what it is, stays byte for byte. Layers are compressed on
/// the way, each once: one of `known` is mounted where its bytes are in another repository. An
/// image of which `there`, a manifest at the destination, has the same config and as many layers is
/// that one: nothing is sent. An index, and an image without plain layers, stays as it is.
PackedImage pack_plain_layers(const OciRoute& route, ManifestNode root,
                              const std::optional<ManifestNode>& there, PackedLayers& known);

} // namespace regctl::ops
