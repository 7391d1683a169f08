// SPDX-License-Identifier: Apache-2.0
#include "server/http/collected_body.hpp"

#include <memory>
#include <utility>

namespace regctl::server {

namespace {

constexpr std::size_t k_in_memory_bytes = 64 * 1024; // an image's JSON has a few KiB
constexpr const char* k_what = "a temporary file for a request's body";

} // namespace

void CollectedBody::append(std::span<const std::byte> bytes) {
  if (!file_ && text_.size() + bytes.size() > k_in_memory_bytes) {
    file_ = make_temporary_file();
    write_fully(file_.get(), as_bytes(text_), k_what);
    text_.clear();
    text_.shrink_to_fit();
  }
  if (file_) {
    write_fully(file_.get(), bytes, k_what);
  } else {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  size_bytes_ += bytes.size();
}

std::string CollectedBody::take() {
  if (!file_) {
    return std::move(text_);
  }
  const auto file = std::make_shared<FileDescriptor>(std::move(file_));
  const auto source = make_range_source(file, 0, size_bytes_, k_what);
  std::string text(static_cast<std::size_t>(size_bytes_), '\0');
  read_fully(*source, std::as_writable_bytes(std::span(text)));
  return text;
}

void CollectedBody::discard() noexcept {
  text_ = {};
  file_.close();
}

} // namespace regctl::server
