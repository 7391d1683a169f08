// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/blob_writer.hpp"

#include <map>
#include <mutex>
#include <optional>

namespace regctl {

/// Puts blobs into a docker-archive so that each engine can read them: those of zstd, which engines
/// before 23 cannot, become gzip; all others stay as they are. Thread-safe.
class LayerPacker {
public:
  /// `blobs` must outlive this.
  explicit LayerPacker(BlobWriter& blobs) : blobs_(blobs) {}

  /// As BlobWriter::put(); the result has the digest and size of the bytes that were handed in.
  oci::PutBlob put(const oci::BlobUpload& upload);

  /// The size of a blob that was put, as it was handed in.
  [[nodiscard]] std::optional<std::uint64_t> find(const oci::Digest& digest) const;

  /// The digest under which a blob that was put is stored.
  [[nodiscard]] std::optional<oci::Digest> stored_as(const oci::Digest& digest) const;

private:
  struct Repacked {
    oci::Digest stored;
    std::uint64_t size_bytes = 0; ///< as it was handed in
  };

  oci::PutBlob repack(std::unique_ptr<Source> source, const oci::BlobUpload& upload);

  BlobWriter& blobs_;
  mutable std::mutex mutex_; ///< guards repacked_
  std::map<oci::Digest, Repacked> repacked_;
};

} // namespace regctl
