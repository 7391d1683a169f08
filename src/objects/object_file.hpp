// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>
#include <regctl/objects/bucket.hpp>

#include <memory>
#include <string>
#include <utility>

namespace regctl::objects {

/// StoredFile::version() of an object. Some servers tell no ETag.
inline std::string version_of(const std::string& etag) {
  return etag.empty() ? "unknown" : etag;
}
/// The ETag; empty if the server told none.
inline std::string etag_of(const std::string& version) {
  return version == version_of("") ? std::string() : version;
}

/// A file of an ObjectTree: an object as it was found.
class ObjectFile final : public StoredFile {
public:
  ObjectFile(std::shared_ptr<Bucket> bucket, ObjectInfo object)
      : bucket_(std::move(bucket)), object_(std::move(object)) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return object_.size_bytes; }
  [[nodiscard]] std::string version() const override { return version_of(object_.etag); }
  [[nodiscard]] std::unique_ptr<Source> open_part(std::uint64_t offset, std::uint64_t size_bytes,
                                                  std::string) const override {
    return size_bytes == 0 ? make_text_source({})
                           : bucket_->open(object_.key, offset, size_bytes, object_.etag);
  }
  [[nodiscard]] std::string url(std::chrono::seconds valid_for) const override {
    return bucket_->presign(object_.key, valid_for);
  }

  [[nodiscard]] Bucket& bucket() const noexcept { return *bucket_; }
  [[nodiscard]] const ObjectInfo& info() const noexcept { return object_; }

private:
  std::shared_ptr<Bucket> bucket_; // shared with the tree, which this may outlive
  ObjectInfo object_;
};

} // namespace regctl::objects
