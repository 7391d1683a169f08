// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/compression.hpp>

#include <libdeflate.h>

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace regctl {

namespace {

/// The unpacked size of a member: libdeflate needs it as a whole. 1 MiB would save 0.5 %.
constexpr std::size_t k_member_bytes = 256 * 1024;
constexpr int k_level = 1;

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const noexcept {
    ::libdeflate_free_compressor(compressor);
  }
};

class FastGzipSource final : public Source {
public:
  explicit FastGzipSource(std::unique_ptr<Source> source)
      : source_(std::move(source)), compressor_(::libdeflate_alloc_compressor(k_level)),
        plain_(k_member_bytes) {
    if (!compressor_) {
      throw std::bad_alloc();
    }
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
      end_ = ::libdeflate_gzip_compress(compressor_.get(), plain_.data(), n, member_.data(),
                                        member_.size());
    }
    is_first_ = false;
  }

  std::unique_ptr<Source> source_;
  std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor_;
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
