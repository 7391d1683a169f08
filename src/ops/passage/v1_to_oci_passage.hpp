// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/v1_to_oci_transfer.hpp"
#include "ops/oci/whole_images.hpp"
#include "ops/passage/passage.hpp"
#include "ops/v1/image_cache.hpp"

#include <memory>
#include <string>

namespace regctl::ops {

/// What has been learnt of the conversions from one side to another, into one form.
struct Conversions {
  ConvertedLayers layers;
  DockerInstead docker;
};

/// The state shared by all passages from v1 repositories of one side to OCI repositories of
/// another. Thread-safe; must outlive the passages.
class V1ToOciPassages {
public:
  /// `facts` keeps which manifest each image became, and what each layer.
  V1ToOciPassages(Session& session, const Side& source, const Side& destination, LearntFacts& facts,
                  const PassageOptions& options);

  /// Throws Error{usage} for a name that no v2 registry takes.
  static void check_name(const std::string& name);

  /// The identities are image IDs at the source, and digests at the destination, where a manifest
  /// or a fact says which image it was made from.
  std::unique_ptr<Passage> open(std::unique_ptr<V1Repository> source,
                                std::unique_ptr<OciRepository> destination,
                                const std::string& destination_name);

private:
  class V1ToOciPassage;

  [[nodiscard]] std::uint64_t requests(std::uint64_t of_source,
                                       std::uint64_t of_destination) const noexcept;

  Session& session_;
  LearntFacts& facts_;
  const PassageOptions& options_;
  ImageCache images_; // of the source
  Conversions own_conversions_;
  Conversions& conversions_;
  BlobPlaces own_places_;
  BlobPlaces& places_;       // of the destination
  WholeImages whole_;        // of the destination
  const bool knows_nothing_; ///< at the beginning of the run
  const bool is_source_remote_;
  const bool is_destination_remote_;
};

} // namespace regctl::ops
