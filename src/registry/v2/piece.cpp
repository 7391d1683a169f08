// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/piece.hpp"

#include <algorithm>
#include <utility>

namespace regctl::registry::v2 {

namespace {

/// The first bytes of a source.
class PieceSource final : public Source {
public:
  PieceSource(std::unique_ptr<Source> source, std::uint64_t most_bytes)
      : source_(std::move(source)), left_bytes_(most_bytes) {}

  std::size_t read(std::span<std::byte> out) override {
    if (left_bytes_ == 0) {
      return 0;
    }
    const auto wanted = std::min<std::uint64_t>(out.size(), left_bytes_);
    const auto n = source_->read(out.first(static_cast<std::size_t>(wanted)));
    left_bytes_ -= n;
    return n;
  }

private:
  std::unique_ptr<Source> source_;
  std::uint64_t left_bytes_;
};

} // namespace

class UploadBytes::Reader final : public Source {
public:
  explicit Reader(UploadBytes& upload) : upload_(upload) {
    upload_.count_ = 0;
    upload_.digest_.reset();
    if (!upload_.upload_.digest) {
      digester_.emplace();
    }
    guarded([&] { source_ = upload_.upload_.open(); });
  }

  std::size_t read(std::span<std::byte> out) override {
    std::size_t n = 0;
    guarded([&] { n = source_->read(out); });
    upload_.count_ += n;
    if (digester_ && n > 0) {
      digester_->update(out.first(n));
    } else if (digester_) {
      upload_.digest_ = digester_->finish();
      digester_.reset();
    }
    return n;
  }

private:
  template <class Body> void guarded(Body&& body) {
    try {
      std::forward<Body>(body)();
    } catch (...) {
      upload_.has_failed_ = true;
      throw;
    }
  }

  UploadBytes& upload_;
  std::unique_ptr<Source> source_;
  std::optional<oci::Digester> digester_;
};

std::unique_ptr<Source> UploadBytes::open() {
  return std::make_unique<Reader>(*this);
}

Piece::Piece(Source& source, std::uint64_t most_bytes) {
  PieceSource limited(std::make_unique<BorrowedSource>(source), most_bytes);
  kept_ = keep_bytes(limited);
  is_last_ = kept_.size_bytes < most_bytes;
}

std::unique_ptr<Source> Piece::open(std::uint64_t from, std::uint64_t count) const {
  auto source = kept_.open();
  source->skip(from);
  return std::make_unique<PieceSource>(std::move(source), count);
}

} // namespace regctl::registry::v2
