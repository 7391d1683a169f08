// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/blob_places.hpp"

namespace regctl::ops {

void BlobPlaces::add(const oci::Digest& digest, const std::string& repository) {
  const std::lock_guard lock(mutex_);
  repositories_.put(digest.to_string(), repository);
}

std::optional<std::string> BlobPlaces::find(const oci::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto* found = repositories_.find(digest.to_string());
  return found == nullptr ? std::nullopt : std::optional(*found);
}

} // namespace regctl::ops
