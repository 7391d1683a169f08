// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/derived_layer.hpp"

#include "ops/convert/layer_conversion.hpp"
#include "ops/convert/layer_damage.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/gzip_pass.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar_walk.hpp>
#include <regctl/base/unpack_tee.hpp>
#include <regctl/model/digest.hpp>

#include <array>
#include <optional>
#include <utility>

namespace regctl::ops {

namespace {

/// Shows the unpacked bytes of a stream that stays packed.
class PassingBytes final : public UnpackedObserver {
public:
  using OnPiece = std::function<void(std::span<const std::byte>)>;

  PassingBytes(OnPiece on_piece, std::optional<Error>& fault)
      : on_piece_(std::move(on_piece)), fault_(fault) {}

  bool step(Source& unpacked) override {
    std::array<std::byte, 16 * 1024> piece{};
    const auto n = unpacked.read(piece);
    on_piece_(std::span(piece).first(n));
    return n > 0;
  }

  void give_up(const Error& reason) noexcept override { fault_ = reason; }

private:
  OnPiece on_piece_;
  std::optional<Error>& fault_; // of the layer, which outlives its tee
};

class DerivedLayer final : public Source {
public:
  DerivedLayer(std::unique_ptr<Source> blob, std::string what, std::string diff_id,
               LayerWayBack way)
      : what_(std::move(what)), diff_id_(std::move(diff_id)), way_(std::move(way)),
        blob_(make_tap_source(std::move(blob), way_.on_read)) {
    std::array<std::byte, k_head_bytes> bytes{};
    const auto head = std::span(bytes).first(read_fully(*blob_, bytes));
    compression_ = detect_compression(head);
    auto stored = make_concat_source(
        make_text_source({reinterpret_cast<const char*>(head.data()), head.size()}),
        std::make_unique<BorrowedSource>(*blob_));
    bytes_ = head.empty() ? make_text_source(empty_layer_gzip()) // of which servers take no range
                          : open(std::move(stored));
  }

  std::size_t read(std::span<std::byte> out) override {
    const auto n = with_damage_named([&] { return bytes_->read(out); });
    if (n == 0 && !std::exchange(is_over_, true)) {
      end();
    }
    return n;
  }

private:
  static constexpr std::size_t k_head_bytes = 6; // enough for every compression

  std::unique_ptr<Source> open(std::unique_ptr<Source> stored) {
    const auto tap = [this](std::span<const std::byte> piece) {
      sum_.update(piece);
      walk_.take(piece);
    };
    switch (compression_) {
    case Compression::gzip:
      return make_gzip_pass(std::move(stored), tap, gzip_, what_);
    case Compression::bzip2:
    case Compression::xz:
      return make_unpack_tee(std::move(stored), std::make_shared<PassingBytes>(tap, fault_), what_);
    case Compression::zstd:
      return make_gzip_source(
          make_tap_source(make_decompressed_source(std::move(stored), what_), tap));
    case Compression::none:
      break;
    }
    auto plain = make_tap_source(std::move(stored), tap);
    return way_.plain_layers == PlainLayers::keep ? std::move(plain)
                                                  : make_gzip_source(std::move(plain));
  }

  void end() {
    drain(*blob_); // whose own end proves its digest
    if (fault_) {
      throw Error(ErrorKind::integrity, fault_->message(), fault_->hint());
    }
    if (const auto found = to_digest(sum_.finish_hex()); found != diff_id_) {
      throw Error(ErrorKind::integrity,
                  what_ + " unpacks to " + found + ", and the image's config says " + diff_id_);
    }
    finish_layer_walk(walk_, what_);
    tell();
  }

  void tell() {
    std::set<std::string> notes;
    if (gzip_.has_trailing_bytes) {
      notes.insert("trailing-bytes");
    }
    if (compression_ == Compression::zstd) {
      notes.insert("recompressed");
    }
    way_.on_end(notes);
  }

  std::string what_;
  std::string diff_id_;
  LayerWayBack way_;
  Sha256 sum_;
  TarWalk walk_;
  GzipPass gzip_;
  std::optional<Error> fault_; ///< of a compression that is only looked at
  Compression compression_ = Compression::none;
  std::unique_ptr<Source> blob_;
  std::unique_ptr<Source> bytes_; // reads blob_, fills the members above
  bool is_over_ = false;
};

std::unique_ptr<Source> open_blob(OciRepository& repository, const oci::Descriptor& blob,
                                  const std::string& what) {
  try {
    return repository.open_blob(blob);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found || !oci::is_foreign_layer(blob.media_type)) {
      throw;
    }
    throw Error(ErrorKind::unsupported,
                what + " lies elsewhere, and cannot be had: " + error.message(),
                "a v1 image has all its layers");
  }
}

} // namespace

std::unique_ptr<Source> open_derived_layer(OciRepository& repository, const oci::Descriptor& blob,
                                           const std::string& diff_id, LayerWayBack way) {
  auto what = "layer " + blob.digest.short_hex() + " of " + repository.describe();
  auto stored = open_blob(repository, blob, what);
  return std::make_unique<DerivedLayer>(std::move(stored), std::move(what), diff_id,
                                        std::move(way));
}

} // namespace regctl::ops
