// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/passage.hpp"
#include "ops/v1/image_cache.hpp"
#include "ops/v1/image_mover.hpp"

#include <regctl/base/shared_limited_map.hpp>
#include <regctl/model/v1/repository.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace regctl::ops {

/// The state shared by all passages between the v1 repositories of two sides: an ID means the same
/// image in each repository, and a destination stores it once. Thread-safe; must outlive the
/// passages.
class V1Passages {
public:
  V1Passages(Session& session, const Side& source, const Side& destination, LearntFacts& facts,
             const PassageOptions& options);

  /// The identities are image IDs: chains are copied unchanged, with their IDs.
  std::unique_ptr<Passage> open(std::unique_ptr<V1Repository> source,
                                std::unique_ptr<V1Repository> destination);

  /// The most images remembered for foresee(); the oldest are dropped and read again.
  static constexpr std::size_t k_limit = 32'768;

private:
  class V1Passage;

  /// The facts about an image that a plan needs.
  struct Known {
    std::optional<std::uint64_t> size_bytes; ///< of the layer
    std::optional<std::string> parent;       ///< nothing for a base image
    bool is_there = false;                   ///< at the destination
  };

  [[nodiscard]] std::uint64_t requests(std::uint64_t of_source,
                                       std::uint64_t of_destination) const noexcept;

  Session& session_;
  LearntFacts& facts_;
  ImageCache images_;   // of the source
  WholeV1Images whole_; // of the destination
  ImageCopy how_;
  const bool is_source_remote_;
  const bool is_destination_remote_;
  const bool
      may_lack_bases_; ///< the source's chains; then the destination is searched for the bases

  SharedLimitedMap<Known> known_{k_limit};
};

} // namespace regctl::ops
