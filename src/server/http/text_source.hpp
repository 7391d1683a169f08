// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <string>

namespace regctl::server {

/// Text that is made while it is sent, a piece at a time. Not thread-safe.
class TextSource : public Source {
public:
  std::size_t read(std::span<std::byte> out) final;

  /// Makes up to so many bytes of it ahead, what goes wrong early being an answer then instead of a
  /// connection that is cut. Whether that was all.
  bool prepare(std::size_t bytes);
  /// What is there and was not read.
  [[nodiscard]] std::string take();

private:
  /// Appends something; false, nothing being appended, once there is no more.
  virtual bool add_to(std::string& text) = 0;

  std::string text_;
  std::size_t position_ = 0; ///< of the first byte that was not read
};

} // namespace regctl::server
