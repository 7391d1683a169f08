// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <string>

namespace regctl::server {

/// A text that is produced piece by piece while it is sent. Not thread-safe.
class ProducedText : public Source {
public:
  std::size_t read(std::span<std::byte> out) final;

  /// Produces up to `bytes` bytes ahead, so that an early error becomes an answer instead of a
  /// broken connection. Returns whether that was the whole text.
  bool prepare(std::size_t bytes);
  /// The produced text that was not read yet.
  [[nodiscard]] std::string take();

private:
  /// Appends a piece of text. Returns false, without appending, at the end.
  virtual bool add_to(std::string& text) = 0;

  std::string text_;
  std::size_t position_ = 0; ///< of the first unread byte
};

} // namespace regctl::server
