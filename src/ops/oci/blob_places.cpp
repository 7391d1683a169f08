// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/blob_places.hpp"

#include <utility>

namespace regctl::ops {

void BlobPlaces::remember_by(Memory memory) {
  const std::lock_guard lock(mutex_);
  memory_ = std::move(memory);
}

void BlobPlaces::add(const oci::Digest& digest, const std::string& repository) {
  const std::lock_guard lock(mutex_);
  repositories_.put(digest.to_string(), repository);
  if (memory_.put) {
    memory_.put(digest, repository);
  }
}

std::optional<std::string> BlobPlaces::find(const oci::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto* found = repositories_.find(digest.to_string());
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<std::string> BlobPlaces::find_former(const oci::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  return memory_.find ? memory_.find(digest) : std::nullopt;
}

} // namespace regctl::ops
