// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_blobs.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>

namespace regctl::ops {

namespace {

TreeBlob look_at_blob(const V2Storage& storage, const oci::Digest& digest, BlobCheck check) {
  try {
    const auto file = storage.find_blob(digest);
    if (!file) {
      return {};
    }
    const bool is_right = check == BlobCheck::size || storage.is_right(*file, digest);
    return {is_right ? TreeBlobState::right : TreeBlobState::wrong, file->size_bytes()};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return {TreeBlobState::no_file, 0};
  }
}

} // namespace

TreeBlob TreeBlobs::look(const oci::Digest& digest) {
  return look(digest, check_);
}

void TreeBlobs::look_at_all(const std::vector<oci::Digest>& digests) {
  run_parallel(jobs_, digests.size(), [&](std::size_t i) { look(digests[i]); });
}

TreeBlob TreeBlobs::read(const oci::Digest& digest) {
  return look(digest, BlobCheck::bytes);
}

TreeBlob TreeBlobs::look(const oci::Digest& digest, BlobCheck check) {
  {
    const std::lock_guard lock(mutex_);
    const auto* known = known_.find(digest.hex());
    if (known != nullptr && (known->is_read || check == BlobCheck::size)) {
      return known->blob;
    }
  }
  const auto blob = look_at_blob(storage_, digest, check);
  const std::lock_guard lock(mutex_);
  known_.put(digest.hex(), {blob, check == BlobCheck::bytes || !blob.is_there()});
  return blob;
}

void TreeBlobs::forget(const oci::Digest& digest) {
  const std::lock_guard lock(mutex_);
  known_.erase(digest.hex());
}

} // namespace regctl::ops
