// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/v1_to_oci_transfer.hpp"
#include "ops/oci/whole_images.hpp"
#include "ops/passage/passage.hpp"
#include "ops/v1/image_cache.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/base/shared_limited_map.hpp>
#include <regctl/model/oci/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace regctl::ops {

/// The conversions from one side to another that are known, into one form.
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

  /// The most images remembered for foresee(); the oldest are dropped and read again.
  static constexpr std::size_t k_limit = 32'768;

private:
  class V1ToOciPassage;

  /// The facts about an image that a plan needs.
  struct Known {
    std::optional<std::uint64_t> size_bytes; ///< of the layer as it is stored
    std::optional<std::string> parent;       ///< nothing for a base image
    bool is_converted = false;               ///< an earlier run did so
    std::optional<oci::Digest> blob;         ///< which it became then; nothing: an empty layer
  };

  /// Images whose layers the source's disk did not give in this run.
  void note_unreadable(const std::string& id);
  [[nodiscard]] bool is_unreadable(const std::string& id);

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

  SharedLimitedMap<Known> known_{k_limit};
  std::mutex mutex_; ///< guards the member below
  LimitedSet unreadable_{k_limit};
};

} // namespace regctl::ops
