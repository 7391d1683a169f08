// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/learnt_facts.hpp"
#include "ops/passage/transfer.hpp"
#include "ops/v1/image_cache.hpp"
#include "ops/v1/image_mover.hpp"

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/session.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// From where to where the tags of one repository go, and how.
struct V1Route {
  Session& session;
  V1Repository& source;
  V1Repository& destination;
  ImageCache& cache;  ///< of the source's images
  LearntFacts& facts; ///< V1Fact of them
  ImageCopy how;
};

/// One tag between two stores of v1 images. Its items are the images of the chain, base first, by
/// their IDs; a missing or wrong ancestry is rebuilt from the parents, and a note says so. A layer
/// is verified before the destination gets its checksum: what is damaged at the source is never
/// complete there. `route` must outlive it.
std::unique_ptr<Transfer> make_v1_transfer(const V1Route& route, const std::string& tag,
                                           const std::string& id);

} // namespace regctl::ops
