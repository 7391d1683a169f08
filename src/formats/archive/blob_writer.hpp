// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/output.hpp"

#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/repository.hpp>

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace regctl {

/// A tar of blobs that is being written: each is the file "blobs/ALGORITHM/HEX", once. Blobs whose
/// digest and size are known are streamed; others go through a temporary file, because the tar
/// header comes first. A file takes blobs of several threads at once, each at a place of its own; a
/// stream takes one after the other. Thread-safe.
class BlobWriter {
public:
  BlobWriter(std::unique_ptr<ArchiveOutput> output, std::string what);

  [[nodiscard]] const std::string& what() const noexcept { return what_; }

  /// Stores a blob. Throws Error{integrity} if its bytes are not those of `upload`; the tar of a
  /// file stays whole then, and the blob can be put again. A stream that was cut within a blob
  /// takes nothing more: every later call throws that error.
  oci::PutBlob put(const oci::BlobUpload& upload);

  /// The size of a blob that was put.
  [[nodiscard]] std::optional<std::uint64_t> find(const oci::Digest& digest) const;

  /// Opens a blob that was put, verified. Throws Error{not_found}; Error{unsupported} if the tar is
  /// a stream.
  [[nodiscard]] std::unique_ptr<Source> open(const oci::Digest& digest) const;

  /// Adds a small file.
  void add_file(const std::string& name, const std::string& text);

  /// Writes the end of the tar and gives a file its name.
  void finish();

private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };

  bool begin(const oci::Digest& digest, std::optional<std::uint64_t> size_bytes);
  void end(const oci::Digest& digest, std::optional<Place> place) noexcept;
  void store(const oci::Digest& digest, std::uint64_t size_bytes, const OpenSource& open);
  Place write_file(const std::string& name, std::uint64_t size_bytes, Source& bytes);
  void abandon(const std::string& name, std::uint64_t offset, std::uint64_t size_bytes);
  void write_text(std::uint64_t offset, const std::string& text);

  std::unique_ptr<ArchiveOutput> output_;
  std::string what_;

  std::mutex stream_;        ///< held while a file is written to a stream
  mutable std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  std::map<oci::Digest, Place> places_;
  std::set<oci::Digest> busy_; ///< being written by some thread
  std::uint64_t end_ = 0;      ///< offset of the next file
  std::exception_ptr failure_; ///< of a stream
};

} // namespace regctl
