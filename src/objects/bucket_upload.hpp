// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/upload_part.hpp"

#include <regctl/formats/storage_tree.hpp>
#include <regctl/objects/bucket.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl::objects {

/// An object of any size that is being written. What fits into one part is written by one request
/// when it is committed; of what is longer the parts are sent as they fill up, each while its
/// writer waits. Parts have 8 MiB, the last 5,000 of the 10,000 that a server takes 32 MiB: that is
/// 195 GiB. (Up to 39 GiB all parts are alike, as some servers want it.) Not thread-safe.
class BucketUpload final : public StorageUpload {
public:
  static constexpr std::size_t k_part_bytes = 8 * 1024 * 1024; ///< of most parts

  BucketUpload(Bucket& bucket, PartBuffers& buffers, std::string key);
  ~BucketUpload() override;
  BucketUpload(const BucketUpload&) = delete;
  BucketUpload& operator=(const BucketUpload&) = delete;

  void write(std::span<const std::byte> bytes) override;
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return size_bytes_; }
  void commit(Durability durability) override;

private:
  [[nodiscard]] std::size_t part_bytes() const noexcept;
  void send_part();

  Bucket& bucket_;
  PartBuffers& buffers_;
  std::string key_;
  std::optional<UploadPart> part_; ///< empty until it has bytes
  std::uint64_t size_bytes_ = 0;
  std::string upload_; ///< its ID, once a part was sent
  std::vector<Bucket::Part> parts_;
};

} // namespace regctl::objects
