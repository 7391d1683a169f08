// SPDX-License-Identifier: Apache-2.0
#include "base/decoded_source.hpp"

#include <regctl/base/error.hpp>

#include <bzlib.h>
#include <lzma.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl {

namespace {

/// The input of a decoder and the room for its output. A decoder takes off their beginnings the
/// bytes that it has read and written.
struct DecoderBuffers {
  std::span<const std::byte> in;
  std::span<std::byte> out;

  void advance(std::size_t read, std::size_t written) {
    in = in.subspan(read);
    out = out.subspan(written);
  }
};

/// A decoder of one format. The libraries keep addresses of their state, so that a decoder is
/// neither copyable nor movable.
class Decoder {
public:
  /// `data` is what errors name: "the layer: the xz data".
  explicit Decoder(std::string data) : data_(std::move(data)) {}
  virtual ~Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Reads and writes as much as there is room for. `is_last` means that nothing follows `in`.
  /// Returns whether the data may end where `in` now begins.
  virtual bool decode(DecoderBuffers& buffers, bool is_last) = 0;
  /// Whether the rest of the data is ignored.
  virtual bool ignores_rest() const { return false; }

  [[noreturn]] void fail(std::string_view why) const {
    throw Error(ErrorKind::protocol, data_ + " " + std::string(why));
  }
  [[noreturn]] void fail_as_damaged(std::string_view why) const {
    fail("is damaged (" + std::string(why) + ")");
  }

private:
  std::string data_;
};

class Bzip2Decoder final : public Decoder {
public:
  using Decoder::Decoder;
  ~Bzip2Decoder() override { end(); }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;

  bool ignores_rest() const override { return ignores_rest_; }

  bool decode(DecoderBuffers& buffers, bool /*is_last*/) override {
    if (!in_stream_ && buffers.in.empty()) {
      return true;
    }
    begin();
    constexpr std::size_t k_most = std::numeric_limits<unsigned>::max();
    const auto in = buffers.in.first(std::min(buffers.in.size(), k_most));
    const auto out = buffers.out.first(std::min(buffers.out.size(), k_most));
    stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(in.data())); // only read
    stream_.avail_in = static_cast<unsigned>(in.size());
    stream_.next_out = reinterpret_cast<char*>(out.data());
    stream_.avail_out = static_cast<unsigned>(out.size());
    const int code = ::BZ2_bzDecompress(&stream_);
    buffers.advance(in.size() - stream_.avail_in, out.size() - stream_.avail_out);
    if (code == BZ_STREAM_END) {
      end();
      has_stream_ = true;
    } else if (code == BZ_DATA_ERROR_MAGIC && has_stream_) {
      ignores_rest_ = true;
    } else if (code != BZ_OK) {
      refuse(code);
    }
    return !in_stream_ || ignores_rest_;
  }

private:
  void begin() {
    if (!in_stream_) {
      stream_ = {};
      const int code = ::BZ2_bzDecompressInit(&stream_, /*verbosity=*/0, /*small=*/0);
      if (code != BZ_OK) {
        refuse(code);
      }
      in_stream_ = true;
    }
  }

  void end() noexcept {
    if (in_stream_) {
      ::BZ2_bzDecompressEnd(&stream_);
      in_stream_ = false;
    }
  }

  [[noreturn]] void refuse(int code) const {
    if (code == BZ_MEM_ERROR) {
      throw std::bad_alloc();
    }
    fail_as_damaged(code == BZ_DATA_ERROR_MAGIC ? "it does not begin as bzip2 does"
                                                : "a block or its checksum is wrong");
  }

  bz_stream stream_ = {};
  bool in_stream_ = false;
  bool has_stream_ = false; ///< at least one has ended
  bool ignores_rest_ = false;
};

class XzDecoder final : public Decoder {
public:
  explicit XzDecoder(std::string data) : Decoder(std::move(data)) {
    check(::lzma_stream_decoder(&stream_, k_most_memory_bytes, LZMA_CONCATENATED));
  }
  ~XzDecoder() override { ::lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

  bool decode(DecoderBuffers& buffers, bool is_last) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(buffers.in.data());
    stream_.avail_in = buffers.in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(buffers.out.data());
    stream_.avail_out = buffers.out.size();
    const auto code = ::lzma_code(&stream_, is_last ? LZMA_FINISH : LZMA_RUN);
    buffers.advance(buffers.in.size() - stream_.avail_in, buffers.out.size() - stream_.avail_out);
    if (code != LZMA_STREAM_END && code != LZMA_BUF_ERROR) { // the latter: data is missing
      check(code);
    }
    return code == LZMA_STREAM_END;
  }

private:
  static constexpr std::uint64_t k_most_memory_bytes = std::uint64_t{1} << 30U;

  void check(lzma_ret code) const {
    switch (code) {
    case LZMA_OK:
      return;
    case LZMA_MEM_ERROR:
      throw std::bad_alloc();
    case LZMA_MEMLIMIT_ERROR:
      fail("takes more than 1 GiB of memory to unpack");
    case LZMA_FORMAT_ERROR:
      fail_as_damaged("it does not begin as xz does, or something else follows it");
    case LZMA_OPTIONS_ERROR:
      fail_as_damaged("it has options of xz that are not known");
    default:
      fail_as_damaged("a block or its checksum is wrong");
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdDecoder final : public Decoder {
public:
  explicit ZstdDecoder(std::string data) : Decoder(std::move(data)), context_(::ZSTD_createDCtx()) {
    if (!context_) {
      throw std::bad_alloc();
    }
  }

  bool decode(DecoderBuffers& buffers, bool /*is_last*/) override {
    ZSTD_inBuffer in = {buffers.in.data(), buffers.in.size(), 0};
    ZSTD_outBuffer out = {buffers.out.data(), buffers.out.size(), 0};
    const auto code = ::ZSTD_decompressStream(context_.get(), &out, &in);
    if (::ZSTD_isError(code) != 0) {
      refuse(code);
    }
    buffers.advance(in.pos, out.pos);
    if (in.pos + out.pos > 0) { // else the code is the size of a next frame's head
      is_between_frames_ = code == 0;
    }
    return is_between_frames_;
  }

private:
  [[noreturn]] void refuse(std::size_t code) const {
    switch (::ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
      throw std::bad_alloc();
    case ZSTD_error_frameParameter_windowTooLarge:
      fail("takes more than 128 MiB of memory to unpack");
    default:
      fail_as_damaged(::ZSTD_getErrorName(code));
    }
  }

  struct Free {
    void operator()(ZSTD_DCtx* context) const noexcept { ::ZSTD_freeDCtx(context); }
  };

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool is_between_frames_ = true;
};

std::unique_ptr<Decoder> make_decoder(Compression compression, const std::string& what) {
  auto data = what + ": the " + std::string(to_string(compression)) + " data";
  switch (compression) {
  case Compression::bzip2:
    return std::make_unique<Bzip2Decoder>(std::move(data));
  case Compression::xz:
    return std::make_unique<XzDecoder>(std::move(data));
  case Compression::zstd:
    return std::make_unique<ZstdDecoder>(std::move(data));
  case Compression::none:
  case Compression::gzip:
    break;
  }
  throw std::logic_error("no decoder of " + std::string(to_string(compression)));
}

class DecodedSource final : public Source {
public:
  DecodedSource(std::unique_ptr<Source> source, Compression compression, const std::string& what)
      : source_(std::move(source)), input_(k_buffer_bytes),
        decoder_(make_decoder(compression, what)) {}

  std::size_t read(std::span<std::byte> out) override {
    DecoderBuffers buffers{waiting_, out};
    while (buffers.out.size() == out.size() && !has_ended_) {
      step(buffers);
    }
    waiting_ = buffers.in;
    return out.size() - buffers.out.size();
  }

private:
  void step(DecoderBuffers& buffers) {
    if (buffers.in.empty() && !has_all_input_) {
      buffers.in = std::span(input_).first(source_->read(input_));
      has_all_input_ = buffers.in.empty();
    }
    const auto room = buffers.out.size();
    const bool may_end = decoder_->decode(buffers, has_all_input_);
    if (decoder_->ignores_rest()) {
      drain(*source_); // the source may compute a sum of all its bytes
      has_ended_ = true;
    } else if (has_all_input_ && buffers.in.empty() && buffers.out.size() == room) {
      has_ended_ = true;
      if (!may_end) {
        decoder_->fail("ends too early");
      }
    }
  }

  std::unique_ptr<Source> source_;
  std::vector<std::byte> input_;
  std::span<const std::byte> waiting_; ///< the part of input_ that was not decoded yet
  std::unique_ptr<Decoder> decoder_;
  bool has_all_input_ = false;
  bool has_ended_ = false;
};

} // namespace

std::unique_ptr<Source> make_decoded_source(std::unique_ptr<Source> source, Compression compression,
                                            const std::string& what) {
  return std::make_unique<DecodedSource>(std::move(source), compression, what);
}

} // namespace regctl
