// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/layer_conversion.hpp"
#include "ops/convert/made_image.hpp"
#include "ops/transfer/instead.hpp"
#include "ops/transfer/transfer.hpp"

#include <regctl/base/key_locks.hpp>
#include <regctl/base/limited_map.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace regctl::ops {

/// Layers that this run has converted, by the key of their v1 image: many images share them. The
/// key is the ID, or ConvertRoute::layer_key's. Remembers the k_limit that were converted last.
/// Thread-safe.
class ConvertedLayers {
public:
  void add(const std::string& key, const ConvertedLayer& layer);
  [[nodiscard]] std::optional<ConvertedLayer> find(const std::string& key) const;

  /// Hold it while a known blob is looked for and put: two tags of one image do so at the same
  /// time, and distribution refuses a manifest while a blob that it names is put once more.
  /// Seen with distribution 2.8.2, whose files are empty for a moment when they are written anew.
  std::mutex& one_at_a_time(const oci::Digest& digest);

  /// Whether this is met for the first time in the run: an obstacle to taking over layers, or what
  /// else is noted once.
  bool is_new(const std::string& fact);

  static constexpr std::size_t k_limit = 32'768;

private:
  mutable std::mutex mutex_; ///< guards the two members below
  LimitedMap<ConvertedLayer> layers_{k_limit};
  std::set<std::string> known_;
  KeyLocks putting_; ///< by digest
};

/// Images in Docker's form at a destination that refuses OCI's: shared by all transfers there.
struct DockerInstead {
  RefusedForm refused;
  ConvertedLayers layers;
};

/// One v1 image on its way into an OCI repository. Its items are the images of the chain, base
/// first; their keys are "v1:" and the layer's key, since each layer is converted once per run.
/// finish() puts the config and the manifest, which depend on the chain alone: equal chains become
/// equal digests. Where the destination refuses OCI's form they become images in Docker's, if the
/// route says so; a note tells it once. `route` and `layers` must outlive the transfer.
std::unique_ptr<Transfer> make_v1_to_oci_transfer(const ConvertRoute& route,
                                                  ConvertedLayers& layers, const std::string& id,
                                                  const std::string& tag);

} // namespace regctl::ops
