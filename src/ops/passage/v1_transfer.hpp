// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/learnt_facts.hpp"
#include "ops/transfer/transfer.hpp"
#include "ops/v1/image_cache.hpp"
#include "ops/v1/image_mover.hpp"

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/session.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// The ends of the transfers between two repositories, and how images are copied.
struct V1Route {
  Session& session;
  V1Repository& source;
  V1Repository& destination;
  ImageCache& cache;  ///< of the source's images
  LearntFacts& facts; ///< keeps a V1Fact for each image
  ImageCopy how;
};

/// One tag between two stores of v1 images. Its items are the images of the chain, base first;
/// their keys are the IDs. A missing or wrong ancestry is rebuilt from the parents, and a note says
/// so. A layer is verified before the destination gets its checksum, so that an image damaged at
/// the source never becomes complete there. `route` must outlive the transfer.
std::unique_ptr<Transfer> make_v1_transfer(const V1Route& route, const std::string& tag,
                                           const std::string& id);

} // namespace regctl::ops
