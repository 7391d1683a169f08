// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>
#include <regctl/formats/v2_storage.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace regctl::ops {

/// Whether blobs of a storage tree are read, or only looked at.
enum class BlobCheck { size, bytes };

enum class TreeBlobState {
  absent,
  no_file, ///< a folder, or a link that leads out of the tree
  wrong,   ///< the bytes are those of another digest
  right,   ///< without BlobCheck::bytes: not found wrong
};

/// What lies under a digest in the folder `blobs` of a storage tree.
struct TreeBlob {
  TreeBlobState state = TreeBlobState::absent;
  std::uint64_t size_bytes = 0;

  [[nodiscard]] bool is_there() const noexcept {
    return state == TreeBlobState::right || state == TreeBlobState::wrong;
  }
};

/// The blobs of a storage tree, each read once. Remembers the last million; forgotten ones are read
/// again. Thread-safe.
class TreeBlobs {
public:
  /// `jobs` blobs are read at a time by look_at_all(). `storage` must outlive it.
  TreeBlobs(const V2Storage& storage, BlobCheck check, std::size_t jobs)
      : storage_(storage), check_(check), jobs_(jobs) {}

  [[nodiscard]] BlobCheck check() const noexcept { return check_; }

  /// `digest` is a sha256.
  TreeBlob look(const oci::Digest& digest);

  /// Looks at several, so that look() has its answers at once.
  void look_at_all(const std::vector<oci::Digest>& digests);

  /// Reads the bytes if that was not done; also without BlobCheck::bytes.
  TreeBlob read(const oci::Digest& digest);

  /// To be called when a blob was replaced.
  void forget(const oci::Digest& digest);

  [[nodiscard]] const V2Storage& storage() const noexcept { return storage_; }

private:
  struct Known {
    TreeBlob blob;
    bool is_read = false;
  };

  TreeBlob look(const oci::Digest& digest, BlobCheck check);

  const V2Storage& storage_;
  BlobCheck check_;
  std::size_t jobs_;
  std::mutex mutex_; ///< guards `known_`
  LimitedMap<Known> known_{1'000'000};
};

} // namespace regctl::ops
