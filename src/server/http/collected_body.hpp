// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace regctl::server {

/// A body on its way in: a small one in memory, a larger one in a file without a name, so that
/// memory does not grow with the number of clients that send one. Not thread-safe.
class CollectedBody {
public:
  /// Throws Error{local_io} where there is no room for it.
  void append(std::span<const std::byte> bytes);

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }

  /// The whole of it, once.
  [[nodiscard]] std::string take();
  void discard() noexcept;

private:
  std::string text_;
  FileDescriptor file_; ///< open once the body was too large for `text_`
  std::uint64_t size_bytes_ = 0;
};

} // namespace regctl::server
