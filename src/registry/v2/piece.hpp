// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/repository.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace regctl::registry::v2 {

/// The bytes of an upload, opened for each attempt and counted on the way. The digest is computed
/// only if it is not known yet. Used by one thread.
class UploadBytes {
public:
  /// `upload` must outlive this.
  explicit UploadBytes(const oci::BlobUpload& upload) : upload_(upload) {}

  /// The bytes from the first one on; earlier sources must not be read any more.
  std::unique_ptr<Source> open();

  /// The size, if it is known, else how many bytes were read since open().
  [[nodiscard]] std::uint64_t size_bytes() const noexcept {
    return upload_.size_bytes.value_or(count_);
  }
  /// Of all bytes, once they were read; of an upload without a digest.
  [[nodiscard]] const oci::Digest& digest() const { return digest_.value(); }
  /// Whether that is so.
  [[nodiscard]] bool is_complete() const noexcept { return digest_.has_value(); }
  /// Whether a failure came from the bytes themselves, not from their receiver.
  [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

private:
  class Reader;

  const oci::BlobUpload& upload_;
  std::uint64_t count_ = 0;
  std::optional<oci::Digest> digest_;
  bool has_failed_ = false;
};

/// The next bytes of a source, at most `most_bytes`, kept in a temporary file so that they can be
/// sent again, and in smaller parts.
class Piece {
public:
  Piece(Source& source, std::uint64_t most_bytes);

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return kept_.size_bytes; }
  /// Whether the source has ended.
  [[nodiscard]] bool is_last() const noexcept { return is_last_; }

  /// `count` of its bytes, from `from` on.
  [[nodiscard]] std::unique_ptr<Source> open(std::uint64_t from, std::uint64_t count) const;

private:
  KeptBytes kept_;
  bool is_last_ = false;
};

} // namespace regctl::registry::v2
