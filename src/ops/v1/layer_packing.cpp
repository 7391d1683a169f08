// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/layer_packing.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/tar.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::size_t k_magic_bytes = 6; // enough for every compression

/// The unpacked bytes of a layer. At their end, reads the packed bytes to their end too.
class UnpackedLayer final : public Source {
public:
  UnpackedLayer(std::unique_ptr<Source> layer, std::string what)
      : layer_(std::move(layer)),
        unpacked_(
            make_decompressed_source(std::make_unique<BorrowedSource>(*layer_), std::move(what))) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = unpacked_->read(out);
    if (n == 0) {
      drain(*layer_);
    }
    return n;
  }

private:
  std::unique_ptr<Source> layer_;
  std::unique_ptr<Source> unpacked_;
};

} // namespace

LayerHead read_layer_head(std::unique_ptr<Source> layer) {
  std::array<std::byte, k_magic_bytes> bytes{};
  const auto head = std::span(bytes).first(read_fully(*layer, bytes));
  const auto compression = detect_compression(head);
  if (compression != Compression::none || head.empty()) {
    return {compression, head.empty()};
  }
  try {
    auto whole = make_concat_source(
        make_text_source({reinterpret_cast<const char*>(head.data()), head.size()}),
        std::move(layer));
    static_cast<void>(TarReader(std::move(whole), "the layer").next());
    return {compression, true};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return {compression, false};
  }
}

bool is_read_by_v1_engines(Compression compression) noexcept {
  return compression != Compression::zstd;
}

std::unique_ptr<Source> repack_layer(std::unique_ptr<Source> layer, std::string what) {
  return make_gzip_source(std::make_unique<UnpackedLayer>(std::move(layer), std::move(what)));
}

std::string unread_compression(Compression compression) {
  return std::string(to_string(compression)) + ", which no engine that speaks protocol v1 unpacks";
}

} // namespace regctl::ops
