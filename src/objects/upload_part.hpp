// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/part_buffers.hpp"

#include <regctl/base/file.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace regctl::objects {

/// The bytes of one part of an upload until they are sent. They lie in one of the buffers; where
/// they come so slowly that other uploads have to wait for it, they move to a temporary file. So a
/// few slow clients do not stop the others. Not thread-safe.
class UploadPart {
public:
  /// Waits for a buffer. Throws Error{interrupted}.
  explicit UploadPart(PartBuffers& buffers);
  UploadPart(const UploadPart&) = delete;
  UploadPart& operator=(const UploadPart&) = delete;

  /// Throws Error{local_io} where the temporary file cannot be written.
  void append(std::span<const std::byte> bytes);
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }

  /// All of them, in a buffer, for which it may wait; valid until the next call of append(). Throws
  /// Error{interrupted}, and Error{local_io} where the temporary file cannot be read.
  [[nodiscard]] std::string_view bytes();

private:
  void move_to_file();

  PartBuffers& buffers_;
  std::optional<PartBuffers::Buffer> buffer_;
  std::shared_ptr<const FileDescriptor> file_; ///< has the bytes where buffer_ is empty
  std::size_t size_bytes_ = 0;
};

} // namespace regctl::objects
