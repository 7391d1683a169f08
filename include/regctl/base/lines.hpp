// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace regctl {

/// Reads a text line by line, so that its length does not matter. Not thread-safe.
class LineReader {
public:
  /// Opens a file, "-" for standard input. Throws Error{not_found}, Error{local_io}.
  explicit LineReader(const std::string& path, std::size_t limit_bytes = k_limit_bytes);
  /// `what` names it in errors.
  LineReader(std::unique_ptr<Source> source, std::string what,
             std::size_t limit_bytes = k_limit_bytes);

  /// The next line without its end ("\n" or "\r\n"); nothing after the last one. Throws
  /// Error{protocol} "WHAT, line N …" for a line longer than the limit.
  std::optional<std::string> next();

  /// The number of the line that next() returned last, from 1.
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

  /// The place of that line for messages: "WHAT, line N".
  [[nodiscard]] std::string where() const;

  static constexpr std::size_t k_limit_bytes = 64 * 1024;

private:
  std::unique_ptr<Source> source_;
  std::string what_;
  std::size_t limit_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0; // of the unread part of buffer_
  std::size_t number_ = 0;
  bool is_at_end_ = false;
};

} // namespace regctl
