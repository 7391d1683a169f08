// SPDX-License-Identifier: Apache-2.0
#include "base/wide_registers.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/crc32.hpp>

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl {

namespace {

constexpr std::size_t k_member_bytes = 256 * 1024; ///< unpacked; 1 MiB would save 0.2 %
constexpr int k_level = 2; ///< a hundredth smaller than level 1, in the same time

class FastGzipSource final : public Source {
public:
  explicit FastGzipSource(std::unique_ptr<Source> source)
      : source_(std::move(source)), plain_(k_member_bytes),
        member_(k_member_bytes + k_most_frame_bytes) {}

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
      const auto plain = std::span(plain_).first(n);
      if (!can_shrink(plain) || !compress(plain)) {
        store(plain);
      }
    }
    is_first_ = false;
  }

  /// Makes a member of `plain` in member_, unless it would become larger.
  bool compress(std::span<std::byte> plain) {
    ::isal_deflate_stateless_init(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.level = k_level;
    stream_.level_buf = reinterpret_cast<std::uint8_t*>(work_.data());
    stream_.level_buf_size = static_cast<std::uint32_t>(work_.size());
    stream_.end_of_stream = 1;
    stream_.next_in = reinterpret_cast<std::uint8_t*>(plain.data());
    stream_.avail_in = static_cast<std::uint32_t>(plain.size());
    stream_.next_out = reinterpret_cast<std::uint8_t*>(member_.data());
    stream_.avail_out = static_cast<std::uint32_t>(member_.size());
    const bool is_made = ::isal_deflate_stateless(&stream_) == COMP_OK;
    leave_wide_registers();
    end_ = is_made ? stream_.total_out : 0;
    return is_made;
  }

  /// Makes a member of `plain` as it is. Source: RFC 1952 section 2.3, RFC 1951 section 3.2.4.
  void store(std::span<const std::byte> plain) {
    constexpr std::size_t k_block_bytes = 65'535;
    constexpr std::string_view k_head("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    end_ = 0;
    put(as_bytes(k_head));
    Crc32 sum;
    sum.update(plain);
    for (auto rest = plain; !rest.empty();) {
      const auto block = rest.first(std::min(rest.size(), k_block_bytes));
      rest = rest.subspan(block.size());
      put_little_endian(rest.empty() ? 1 : 0, 1);
      put_little_endian(block.size(), 2);
      put_little_endian(~block.size(), 2);
      put(block);
    }
    put_little_endian(sum.value(), 4);
    put_little_endian(plain.size(), 4);
  }

  void put(std::span<const std::byte> bytes) {
    end_ += copy_some(bytes, std::span(member_).subspan(end_));
  }

  void put_little_endian(std::uint64_t value, int bytes) {
    for (; bytes > 0; --bytes, value >>= 8U) {
      member_[end_++] = static_cast<std::byte>(value & 0xffU);
    }
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
    return compress(samples_) && end_ < samples_.size() - samples_.size() / k_least_part;
  }

  /// Of a member that holds its bytes as they are: head, tail, and the heads of its blocks.
  static constexpr std::size_t k_most_frame_bytes = 64;
  static constexpr std::size_t k_samples = 8;
  static constexpr std::size_t k_sample_bytes = 1024;
  static constexpr std::size_t k_least_part = 32; ///< the least saving: one byte in so many

  std::unique_ptr<Source> source_;
  isal_zstream stream_{};
  std::vector<std::byte> work_ = std::vector<std::byte>(ISAL_DEF_LVL2_DEFAULT);
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
