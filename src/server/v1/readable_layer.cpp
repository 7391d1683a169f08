// SPDX-License-Identifier: Apache-2.0
#include "server/v1/readable_layer.hpp"

#include <limits>

namespace regctl::server {

namespace {

constexpr const char* k_copy = "a temporary copy of a layer";

} // namespace

ReadableLayer::ReadableLayer(V1Storage::ImageWriter::Layer& layer)
    : layer_(layer), open_(layer.written_bytes()) {
  if (!open_) {
    copy_ = std::make_shared<const FileDescriptor>(make_temporary_file());
    open_ = [copy = copy_] {
      return make_range_source(copy, 0, std::numeric_limits<std::uint64_t>::max(), k_copy);
    };
  }
}

void ReadableLayer::write(std::span<const std::byte> bytes) {
  if (copy_) {
    write_fully_at(copy_->get(), size_bytes_, bytes, k_copy);
  }
  layer_.write(bytes);
  size_bytes_ += bytes.size();
}

std::unique_ptr<Source> ReadableLayer::reread() const {
  return copy_ ? make_range_source(copy_, 0, size_bytes_, k_copy) : open_();
}

} // namespace regctl::server
