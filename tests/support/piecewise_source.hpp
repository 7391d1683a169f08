// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace regctl::test {

/// Gives `text` in pieces of at most `piece` bytes; throws Error{unavailable} instead of ending if
/// `fails` is set.
class PiecewiseSource final : public Source {
public:
  enum class End { clean, failing };

  PiecewiseSource(std::string text, std::size_t piece, End end = End::clean)
      : text_(std::move(text)), piece_(piece), end_(end) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = std::min({out.size(), piece_, text_.size() - position_});
    if (n == 0 && end_ == End::failing) {
      throw Error(ErrorKind::unavailable, "the test's source failed");
    }
    copy_some(as_bytes(text_).subspan(position_, n), out);
    position_ += n;
    return n;
  }

private:
  std::string text_;
  std::size_t piece_;
  End end_;
  std::size_t position_ = 0;
};

/// The sizes with which every source is read in tests.
inline const std::vector<std::size_t> k_pieces = {1, 7, 65'536};

/// All bytes of `source`, read with a buffer of `piece` bytes.
inline std::string read_in_pieces(Source& source, std::size_t piece) {
  std::string text;
  std::vector<std::byte> buffer(piece);
  while (const auto n = source.read(buffer)) {
    text.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  return text;
}

/// Keeps what is written to it.
class RecordingSink final : public Sink {
public:
  void write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string text;
};

} // namespace regctl::test
