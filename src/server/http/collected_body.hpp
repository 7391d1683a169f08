// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace regctl::server {

/// The body of a request while it arrives. A small body is kept in memory, a larger one in a
/// nameless file, so that memory does not grow with the number of uploading clients. Not
/// thread-safe.
class CollectedBody {
public:
  /// Throws Error{local_io} if there is no space for it.
  void append(std::span<const std::byte> bytes);

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }

  /// The whole body. Once only.
  [[nodiscard]] std::string take();
  void discard() noexcept;

private:
  std::string text_;
  FileDescriptor file_; ///< open if the body is too large for `text_`
  std::uint64_t size_bytes_ = 0;
};

} // namespace regctl::server
