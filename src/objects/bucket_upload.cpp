// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_upload.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>
#include <utility>

namespace regctl::objects {

namespace {

constexpr std::size_t k_short_parts = Bucket::k_most_parts / 2;

} // namespace

BucketUpload::BucketUpload(Bucket& bucket, PartBuffers& buffers, std::string key)
    : bucket_(bucket), buffers_(buffers), key_(std::move(key)) {}

BucketUpload::~BucketUpload() {
  if (!upload_.empty()) {
    bucket_.give_up_upload(key_, upload_);
  }
}

std::size_t BucketUpload::part_bytes() const noexcept {
  return parts_.size() < k_short_parts ? k_part_bytes : 4 * k_part_bytes;
}

void BucketUpload::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (!part_) {
      part_.emplace(buffers_);
    }
    if (part_->size_bytes() == part_bytes()) { // and more is to come
      send_part();
      continue;
    }
    const auto n = std::min(bytes.size(), part_bytes() - part_->size_bytes());
    part_->append(bytes.first(n));
    size_bytes_ += n;
    bytes = bytes.subspan(n);
  }
}

void BucketUpload::send_part() {
  if (parts_.size() == Bucket::k_most_parts) {
    throw Error(ErrorKind::unsupported, bucket_.describe(key_) + " would have more than " +
                                            std::to_string(size_bytes_ - 1) +
                                            " bytes, which no upload in parts can have");
  }
  if (upload_.empty()) {
    upload_ = bucket_.start_upload(key_);
  }
  const auto number = static_cast<int>(parts_.size() + 1);
  parts_.push_back(bucket_.put_part(key_, upload_, number, part_->bytes()));
  part_.reset(); // another upload may have its buffer while this one waits for its bytes
}

void BucketUpload::commit(Durability) {
  if (upload_.empty()) {
    bucket_.put(key_, part_ ? part_->bytes() : std::string_view());
    part_.reset();
    return;
  }
  send_part();
  bucket_.complete_upload(key_, upload_, parts_, size_bytes_);
  upload_.clear();
}

} // namespace regctl::objects
