// SPDX-License-Identifier: Apache-2.0
#include "base/decoded_source.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/crc32.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace regctl {

namespace {

constexpr std::size_t k_head_bytes = 6;

struct Magic {
  Compression compression;
  std::string_view bytes;
};

constexpr std::array<Magic, 3> k_magics = {{{Compression::gzip, {"\x1f\x8b", 2}},
                                            {Compression::xz,
                                             {"\xfd"
                                              "7zXZ\0",
                                              6}},
                                            {Compression::zstd, {"\x28\xb5\x2f\xfd", 4}}}};

/// "BZh", the block size, and the magic of the first block or of the end. "BZh" alone would do for
/// a bzip2 file, but a plain tar begins with the name of its first entry, which may be "BZh".
bool is_bzip2(std::string_view head) noexcept {
  return head.size() >= k_head_bytes && head.starts_with("BZh") && head[3] >= '1' &&
         head[3] <= '9' && (head.substr(4, 2) == "1A" || head.substr(4, 2) == "\x17r");
}

/// The decoder of a gzip stream with several members. zlib keeps the z_stream's address, so this is
/// neither copyable nor movable. The checksum at a member's end is compared here, since Crc32 is
/// several times as fast as zlib's. (ISA-L 2.30 unpacks in half of the time, and takes more bytes
/// of some damaged streams than it is given.)
class GunzipSource final : public Source {
public:
  GunzipSource(std::unique_ptr<Source> source, std::string what)
      : source_(std::move(source)), what_(std::move(what)),
        input_(k_trailer_bytes + k_buffer_bytes) {
    constexpr int k_gzip_window = 15 + 16;
    if (::inflateInit2(&stream_, k_gzip_window) != Z_OK) {
      throw std::bad_alloc();
    }
    ::inflateValidate(&stream_, 0);
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data()) + k_trailer_bytes;
  }
  ~GunzipSource() override { ::inflateEnd(&stream_); }
  GunzipSource(const GunzipSource&) = delete;
  GunzipSource& operator=(const GunzipSource&) = delete;

  std::size_t read(std::span<std::byte> out) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1U << 30));
    const auto wanted = stream_.avail_out;
    while (stream_.avail_out == wanted && !ended_) {
      step();
    }
    return wanted - stream_.avail_out;
  }

private:
  static constexpr std::size_t k_trailer_bytes = 8; ///< CRC-32 and length (RFC 1952 section 2.3)

  void step() {
    if (stream_.avail_in == 0 && !refill()) {
      if (in_member_) {
        throw Error(ErrorKind::protocol, what_ + ": the gzip data ends too early");
      }
      ended_ = true;
      return;
    }
    if (!in_member_ && !begin_member()) {
      return;
    }
    const auto* plain = reinterpret_cast<const std::byte*>(stream_.next_out);
    const auto room = stream_.avail_out;
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    sum_.update(std::span(plain, room - stream_.avail_out));
    if (code == Z_STREAM_END) {
      end_member();
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fail(stream_.msg != nullptr ? stream_.msg : "no reason given");
    }
  }

  void end_member() {
    const auto* trailer = stream_.next_in - k_trailer_bytes;
    if (little_endian(trailer) != sum_.value()) {
      fail("its checksum does not match");
    }
    if (little_endian(trailer + 4) != static_cast<std::uint32_t>(stream_.total_out)) {
      fail("its length does not match");
    }
    in_member_ = false;
    sum_ = {};
    ::inflateReset(&stream_);
  }

  static std::uint32_t little_endian(const Bytef* bytes) noexcept {
    return bytes[0] | (std::uint32_t{bytes[1]} << 8) | (std::uint32_t{bytes[2]} << 16) |
           (std::uint32_t{bytes[3]} << 24);
  }

  [[noreturn]] void fail(std::string_view why) const {
    throw Error(ErrorKind::protocol,
                what_ + ": the gzip data is damaged (" + std::string(why) + ")");
  }

  /// Zero bytes between members are padding, as tape tools write it.
  bool begin_member() {
    while (!first_ && stream_.avail_in > 0 && *stream_.next_in == 0) {
      ++stream_.next_in;
      --stream_.avail_in;
    }
    in_member_ = stream_.avail_in > 0;
    first_ = false;
    return in_member_;
  }

  /// Keeps enough bytes before the new input for a trailer that began in the old one.
  bool refill() {
    auto* front = reinterpret_cast<Bytef*>(input_.data());
    std::memmove(front, stream_.next_in - k_trailer_bytes, k_trailer_bytes);
    const auto n = source_->read(std::span(input_).subspan(k_trailer_bytes));
    stream_.next_in = front + k_trailer_bytes;
    stream_.avail_in = static_cast<uInt>(n);
    return n > 0;
  }

  std::unique_ptr<Source> source_;
  std::string what_;
  std::vector<std::byte> input_;
  z_stream stream_ = {};
  Crc32 sum_;
  bool first_ = true;
  bool in_member_ = false;
  bool ended_ = false;
};

/// Detects the compression at the first read, so that the constructor does no I/O.
class DecompressedSource final : public Source {
public:
  DecompressedSource(std::unique_ptr<Source> source, std::string what)
      : source_(std::move(source)), what_(std::move(what)) {}

  std::size_t read(std::span<std::byte> out) override {
    if (!chosen_) {
      choose();
    }
    return source_->read(out);
  }

private:
  void choose() {
    std::array<std::byte, k_head_bytes> head{};
    const auto n = read_fully(*source_, head);
    const auto compression = detect_compression(std::span(head).first(n));
    source_ = make_concat_source(make_text_source({reinterpret_cast<const char*>(head.data()), n}),
                                 std::move(source_));
    if (compression == Compression::gzip) {
      source_ = std::make_unique<GunzipSource>(std::move(source_), what_);
    } else if (compression != Compression::none) {
      source_ = make_decoded_source(std::move(source_), compression, what_);
    }
    chosen_ = true;
  }

  std::unique_ptr<Source> source_;
  std::string what_;
  bool chosen_ = false;
};

/// zlib keeps the z_stream's address, so this is neither copyable nor movable.
class GzipSource final : public Source {
public:
  explicit GzipSource(std::unique_ptr<Source> source)
      : source_(std::move(source)), input_(k_buffer_bytes) {
    constexpr int k_gzip_window = 15 + 16;
    constexpr int k_memory_level = 8;
    if (::deflateInit2(&stream_, 6, Z_DEFLATED, k_gzip_window, k_memory_level,
                       Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
    // Without this the header would name the operating system.
    header_.os = 255;
    ::deflateSetHeader(&stream_, &header_);
  }
  ~GzipSource() override { ::deflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::size_t read(std::span<std::byte> out) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1U << 30));
    const auto wanted = stream_.avail_out;
    while (stream_.avail_out == wanted && !ended_) {
      if (stream_.avail_in == 0 && !input_ended_) {
        const auto n = source_->read(input_);
        stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
        stream_.avail_in = static_cast<uInt>(n);
        input_ended_ = n == 0;
      }
      ended_ = ::deflate(&stream_, input_ended_ ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
    }
    return wanted - stream_.avail_out;
  }

private:
  std::unique_ptr<Source> source_;
  std::vector<std::byte> input_;
  z_stream stream_ = {};
  gz_header header_ = {};
  bool input_ended_ = false;
  bool ended_ = false;
};

/// A text for which compressors choose differently: pieces of a phrase between bytes at random.
std::string make_test_vector() {
  constexpr std::size_t k_size_bytes = 64 * 1024;
  constexpr std::string_view k_phrase = "layer of files ";
  constexpr std::uint32_t k_31_bits = 0x7fffffff;
  std::string vector;
  std::uint32_t state = 1;
  while (vector.size() < k_size_bytes) {
    state = (state * 1'103'515'245 + 12'345) & k_31_bits;
    const auto word = state >> 16U;
    if (word % 8 == 0) {
      vector += static_cast<char>((state >> 8U) & 0xffU);
    } else {
      vector += k_phrase.substr(0, 1 + word % k_phrase.size());
    }
  }
  vector.resize(k_size_bytes);
  return vector;
}

std::string gzip_sum(std::string text) {
  GzipSource packed(make_text_source(std::move(text)));
  Sha256 sum;
  std::array<std::byte, 4096> piece{};
  while (const auto n = packed.read(piece)) {
    sum.update(std::span(piece).first(n));
  }
  return sum.finish_hex();
}

/// A frame that decoders skip. pzstd writes one in front of each data frame. (lz4 has the same
/// frames, but no tool packs layers with lz4.) Source: RFC 8878 section 3.1.2.
bool is_skippable_zstd(std::string_view head) noexcept {
  return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0U) == 0x50 &&
         head.substr(1, 3) == "\x2a\x4d\x18";
}

} // namespace

Compression detect_compression(std::span<const std::byte> head) noexcept {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (is_skippable_zstd(text)) {
    return Compression::zstd;
  }
  for (const auto& magic : k_magics) {
    if (text.starts_with(magic.bytes)) {
      return magic.compression;
    }
  }
  return is_bzip2(text) ? Compression::bzip2 : Compression::none;
}

std::string_view to_string(Compression compression) noexcept {
  switch (compression) {
  case Compression::none:
    return "none";
  case Compression::gzip:
    return "gzip";
  case Compression::bzip2:
    return "bzip2";
  case Compression::xz:
    return "xz";
  case Compression::zstd:
    return "zstd";
  }
  return "none";
}

std::unique_ptr<Source> make_decompressed_source(std::unique_ptr<Source> source, std::string what) {
  return std::make_unique<DecompressedSource>(std::move(source), std::move(what));
}

std::unique_ptr<Source> make_gzip_source(std::unique_ptr<Source> source) {
  return std::make_unique<GzipSource>(std::move(source));
}

bool is_gzip_reproducible() {
  // The SHA-256 of the vector as zlib 1.2.13 compresses it.
  static const bool k_is_reproducible =
      gzip_sum(make_test_vector()) ==
      "73285a4083c0a7c353dc507e55fd47b5c48cf2a8752727dcab05bce4085c75be";
  return k_is_reproducible;
}

} // namespace regctl
