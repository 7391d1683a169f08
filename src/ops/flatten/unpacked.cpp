// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/unpacked.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/gzip_pass.hpp>

#include <array>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::size_t k_head_bytes = 6;

class UnpackedGzip final : public Source {
public:
  UnpackedGzip(std::unique_ptr<Source> packed, std::string what)
      : pass_(make_gzip_pass(
            std::move(packed),
            [this](auto piece) { held_.insert(held_.end(), piece.begin(), piece.end()); }, end_,
            std::move(what))) {}

  std::size_t read(std::span<std::byte> out) override {
    if (taken_ == held_.size()) {
      refill();
    }
    const auto n = copy_some(std::span(held_).subspan(taken_), out);
    taken_ += n;
    return n;
  }

private:
  /// A small piece, since deflate makes a thousand bytes of one at most.
  void refill() {
    std::array<std::byte, 4096> piece{};
    held_.clear();
    taken_ = 0;
    while (held_.empty() && pass_->read(piece) > 0) {
    }
  }

  GzipPass end_;
  std::vector<std::byte> held_;
  std::size_t taken_ = 0;
  std::unique_ptr<Source> pass_;
};

} // namespace

std::unique_ptr<Source> open_unpacked(Source& layer, const std::string& what) {
  std::string head(k_head_bytes, '\0');
  head.resize(read_fully(layer, std::as_writable_bytes(std::span(head))));
  const auto compression = detect_compression(as_bytes(head));
  auto packed = make_concat_source(make_text_source(std::move(head)),
                                   std::make_unique<BorrowedSource>(layer));
  if (compression == Compression::gzip) {
    return std::make_unique<UnpackedGzip>(std::move(packed), what);
  }
  return compression == Compression::none ? std::move(packed)
                                          : make_decompressed_source(std::move(packed), what);
}

} // namespace regctl::ops
