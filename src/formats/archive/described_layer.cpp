// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/described_layer.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <array>
#include <utility>

namespace regctl {

namespace {

class LayerFile final : public StoredFile {
public:
  LayerFile(std::shared_ptr<const ArchiveIndex> index, DescribedLayer layer)
      : index_(std::move(index)), layer_(std::move(layer)) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override {
    return layer_.descriptor.size_bytes;
  }
  [[nodiscard]] std::string version() const override { return std::to_string(layer_.file.offset); }

  [[nodiscard]] std::unique_ptr<Source> open_part(std::uint64_t offset, std::uint64_t size_bytes,
                                                  std::string what) const override {
    if (!layer_.is_unpacked) {
      return index_->open_as({layer_.file.offset + offset, size_bytes}, std::move(what));
    }
    auto unpacked = make_decompressed_source(index_->open_as(layer_.file, what), what);
    unpacked->skip(offset);
    return unpacked; // to its end: layers are read whole
  }

private:
  std::shared_ptr<const ArchiveIndex> index_;
  DescribedLayer layer_;
};

Compression compression_of(const ArchiveIndex& index, const DescribedLayer& layer) {
  std::array<std::byte, 6> head{};
  const auto n = read_fully(*index.open(layer.file, layer.name), head);
  return detect_compression(std::span(head).first(n));
}

oci::Digest read_digest(Source& source) {
  oci::Digester digester;
  std::array<std::byte, 16 * 1024> buffer{};
  while (const auto n = source.read(buffer)) {
    digester.update(std::span(buffer).first(n));
  }
  return digester.finish();
}

} // namespace

std::optional<oci::Digest> digest_in_name(const std::string& name) {
  constexpr std::string_view k_blobs = "blobs/";
  const auto [folder, digits] = split_path(name);
  return folder.starts_with(k_blobs)
             ? oci::Digest::find(std::string(folder.substr(k_blobs.size())) + ":" +
                                 std::string(digits))
             : std::nullopt;
}

DescribedLayer describe_layer(const ArchiveIndex& index, const std::string& name,
                              const oci::Digest& diff_id) {
  const auto file = index.find(name);
  if (!file) {
    throw Error(ErrorKind::protocol, index.what() + " has no layer " + json_quote(name));
  }
  DescribedLayer layer{.name = name,
                       .file = *file,
                       .descriptor = {std::string(oci::k_oci_layer), diff_id, file->size_bytes}};
  const auto compression = compression_of(index, layer);
  if (compression == Compression::none) {
    return layer;
  }
  const auto what = index.what() + ": " + name;
  if (compression == Compression::gzip || compression == Compression::zstd) {
    const auto promised = digest_in_name(name);
    layer.descriptor.digest = promised ? *promised : read_digest(*index.open(*file, name));
    layer.descriptor.media_type =
        compression == Compression::gzip ? oci::k_oci_layer_gzip : oci::k_oci_layer_zstd;
  } else {
    layer.is_unpacked = true;
    layer.descriptor.size_bytes = drain(*make_decompressed_source(index.open(*file, name), what));
  }
  return layer;
}

std::unique_ptr<StoredFile> open_described_layer(std::shared_ptr<const ArchiveIndex> index,
                                                 const DescribedLayer& layer) {
  return std::make_unique<LayerFile>(std::move(index), layer);
}

} // namespace regctl
