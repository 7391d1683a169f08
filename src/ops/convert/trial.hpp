// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/trial_repository.hpp"
#include "ops/convert/v1_to_oci_transfer.hpp"

#include <regctl/base/key_locks.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/session.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace regctl::ops {

/// The digests of a converted v1 image.
struct TrialImage {
  oci::Digest manifest;
  oci::Digest layers; ///< the sum of the diff IDs of the layers with entries, as sum_of_layers()
};

/// One digest for a list of diff IDs, base first.
oci::Digest sum_of_layers(const std::vector<std::string>& diff_ids);

/// Conversions of v1 images into one form of OCI images, of which only the digests are wanted: the
/// very code of a conversion, into a repository that keeps nothing. Every layer is read once in a
/// run, whoever has it, and its payload checksum verified. Remembers the k_limit images and layers
/// that came last. Thread-safe.
class ConversionTrial {
public:
  ConversionTrial(Session& session, OciForm form) : session_(session), form_(form) {}

  /// Throws what the conversion throws.
  TrialImage convert(V1Repository& source, const std::string& id);

  using LayerKey = std::function<std::string(const V1Image& image)>;
  /// As convert(), for a source that proves its layers without payload checksums, and in which one
  /// ID may have several layers: they are told apart by `layer_key`. No image is remembered, and no
  /// note made.
  MadeImage make(V1Repository& source, const std::string& id, const LayerKey& layer_key);

  struct Counts {
    std::uint64_t images = 0;
    std::uint64_t layers_read = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t sums_unknown = 0; ///< layers without a payload checksum
  };
  /// Once all calls of convert() have returned.
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

  static constexpr std::size_t k_limit = 32'768;

private:
  MadeImage run(ConvertRoute& route, const std::string& id);
  void read_layer(Transfer& transfer, std::size_t index, const Item& item);

  Session& session_;
  const OciForm form_;
  TrialRepository trial_;
  BlobPlaces places_;
  ConvertedLayers layers_;
  KeyLocks reading_;                                 ///< held while a layer is read
  std::mutex mutex_;                                 ///< guards the members below
  LimitedMap<TrialImage> images_{k_limit};           ///< by ID
  LimitedMap<std::exception_ptr> problems_{k_limit}; ///< of layers that cannot be converted
  Counts counts_;
};

} // namespace regctl::ops
