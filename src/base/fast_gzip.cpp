// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/compression.hpp>

#include <libdeflate.h>

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace regctl {

namespace {

/// The unpacked size of a member: libdeflate needs it as a whole. 1 MiB would save 0.5 %.
constexpr std::size_t k_member_bytes = 256 * 1024;
constexpr int k_level = 1;
constexpr int k_stored = 0; ///< the level that compresses nothing

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const noexcept {
    ::libdeflate_free_compressor(compressor);
  }
};

using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;

Compressor make_compressor(int level) {
  Compressor compressor(::libdeflate_alloc_compressor(level));
  if (!compressor) {
    throw std::bad_alloc();
  }
  return compressor;
}

class FastGzipSource final : public Source {
public:
  explicit FastGzipSource(std::unique_ptr<Source> source)
      : source_(std::move(source)), compressor_(make_compressor(k_level)),
        storer_(make_compressor(k_stored)), plain_(k_member_bytes) {
    member_.resize(::libdeflate_gzip_compress_bound(compressor_.get(), k_member_bytes));
  }

  std::size_t read(std::span<std::byte> out) override {
    if (begin_ == end_ && !is_over_) {
      pack();
    }
    const auto n = copy_some(std::span(member_).subspan(begin_, end_ - begin_), out);
    begin_ += n;
    return n;
  }

private:
  /// Makes the next member, if there are more bytes. The first one is made even of none.
  void pack() {
    const auto n = read_fully(*source_, plain_);
    is_over_ = n < plain_.size();
    begin_ = end_ = 0;
    if (n > 0 || is_first_) {
      const auto& compressor = can_shrink(std::span(plain_).first(n)) ? compressor_ : storer_;
      end_ = ::libdeflate_gzip_compress(compressor.get(), plain_.data(), n, member_.data(),
                                        member_.size());
    }
    is_first_ = false;
  }

  /// Whether samples from all of a member become smaller. Layers hold many files that are
  /// compressed already, and the compressor is no faster with those.
  bool can_shrink(std::span<const std::byte> plain) {
    if (plain.size() < k_member_bytes) {
      return true;
    }
    for (std::size_t i = 0; i < k_samples; ++i) {
      copy_some(plain.subspan(i * (k_member_bytes / k_samples), k_sample_bytes),
                std::span(samples_).subspan(i * k_sample_bytes));
    }
    const auto packed_bytes = ::libdeflate_deflate_compress(
        compressor_.get(), samples_.data(), samples_.size(), member_.data(), member_.size());
    return packed_bytes < samples_.size() - samples_.size() / k_least_part;
  }

  static constexpr std::size_t k_samples = 8;
  static constexpr std::size_t k_sample_bytes = 1024;
  static constexpr std::size_t k_least_part = 32; ///< the least saving: one byte in so many

  std::unique_ptr<Source> source_;
  Compressor compressor_;
  Compressor storer_;
  std::array<std::byte, k_samples * k_sample_bytes> samples_{};
  std::vector<std::byte> plain_;
  std::vector<std::byte> member_; ///< its bytes from begin_ to end_ were not read yet
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_first_ = true;
  bool is_over_ = false;
};

} // namespace

std::unique_ptr<Source> make_fast_gzip_source(std::unique_ptr<Source> source) {
  return std::make_unique<FastGzipSource>(std::move(source));
}

} // namespace regctl
