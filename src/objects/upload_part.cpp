// SPDX-License-Identifier: Apache-2.0
#include "objects/upload_part.hpp"

#include <regctl/base/stream.hpp>

#include <span>
#include <utility>

namespace regctl::objects {

namespace {

constexpr const char* k_parked = "a temporary file";

} // namespace

UploadPart::UploadPart(PartBuffers& buffers) : buffers_(buffers) {
  buffer_.emplace(buffers_);
}

void UploadPart::append(std::span<const std::byte> bytes) {
  if (buffer_ && buffer_->is_due()) {
    move_to_file();
  }
  if (buffer_) {
    buffer_->bytes.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  } else {
    write_fully(file_->get(), bytes, k_parked);
  }
  size_bytes_ += bytes.size();
}

void UploadPart::move_to_file() {
  auto file = make_temporary_file();
  write_fully(file.get(), as_bytes(buffer_->bytes), k_parked);
  file_ = std::make_shared<const FileDescriptor>(std::move(file));
  buffer_.reset();
}

std::string_view UploadPart::bytes() {
  if (!buffer_) {
    buffer_.emplace(buffers_);
    buffer_->bytes.resize(size_bytes_);
    const auto source = make_range_source(file_, 0, size_bytes_, k_parked);
    read_fully(*source, std::as_writable_bytes(std::span(buffer_->bytes)));
    file_.reset();
  }
  return buffer_->bytes;
}

} // namespace regctl::objects
