// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/schema1_image.hpp"
#include "ops/oci/blob_places.hpp"
#include "ops/oci/oci_transfer.hpp"
#include "ops/passage/passage.hpp"

#include <regctl/model/oci/repository.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// The state shared by all passages between the OCI repositories of two sides. Thread-safe; must
/// outlive the passages.
class OciPassages {
public:
  /// `facts` keeps what manifests of Docker's schema 1 became.
  OciPassages(Session& session, const Side& source, const Side& destination, LearntFacts& facts,
              const PassageOptions& options);

  /// The identities are digests: images are copied unchanged, unless `platforms` of the options
  /// narrow an index, or the destination takes no schema 1.
  std::unique_ptr<Passage> open(std::unique_ptr<OciRepository> source,
                                const std::string& source_name,
                                std::unique_ptr<OciRepository> destination,
                                const std::string& destination_name);

private:
  class OciPassage;

  [[nodiscard]] std::uint64_t requests(std::uint64_t of_source,
                                       std::uint64_t of_destination) const noexcept;

  Session& session_;
  LearntFacts& facts_;
  const PassageOptions& options_;
  OciCopy how_;
  BlobPlaces own_places_;
  BlobPlaces& places_; // of the destination
  WholeImages whole_;  // of the destination
  Schema1Destination schema1_;
  const bool is_source_remote_;
  const bool is_destination_remote_;
  const bool is_one_store_; ///< blobs can be mounted from the source's repositories
};

} // namespace regctl::ops
