// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/layer_packer.hpp"

#include <regctl/base/compression.hpp>

#include <string>
#include <utility>

namespace regctl {

oci::PutBlob LayerPacker::put(const oci::BlobUpload& upload) {
  if (const auto known = upload.digest ? find(*upload.digest) : std::nullopt;
      known && known == upload.size_bytes) {
    return {*upload.digest, *known};
  }
  std::string head(6, '\0');
  auto source = upload.open();
  head.resize(read_fully(*source, std::as_writable_bytes(std::span(head))));
  const auto compression = detect_compression(as_bytes(head));
  source = make_concat_source(make_text_source(head), std::move(source));
  if (compression == Compression::zstd) {
    return repack(std::move(source), upload);
  }
  auto rest = upload;
  rest.open = [&] { return source ? std::move(source) : upload.open(); };
  return blobs_.put(rest);
}

oci::PutBlob LayerPacker::repack(std::unique_ptr<Source> source, const oci::BlobUpload& upload) {
  const std::string what = upload.digest ? upload.digest->to_string() : "a layer";
  oci::Digester digester(upload.digest ? upload.digest->algorithm() : oci::DigestAlgorithm::sha256);
  std::uint64_t size_bytes = 0;
  source = make_tap_source(std::move(source), [&](std::span<const std::byte> bytes) {
    digester.update(bytes);
    size_bytes += bytes.size();
  });
  if (upload.digest) {
    source = oci::make_verified_source(std::move(source), *upload.digest, upload.size_bytes, what);
  }
  oci::Digester packed_digester;
  const auto packed = keep_bytes(*make_tap_source(
      make_gzip_source(make_decompressed_source(std::make_unique<BorrowedSource>(*source), what)),
      [&](std::span<const std::byte> bytes) { packed_digester.update(bytes); }));
  drain(*source); // its end verifies it
  const auto stored =
      blobs_.put({packed_digester.finish(), packed.size_bytes, [&] { return packed.open(); }});
  auto digest = digester.finish();
  const std::lock_guard lock(mutex_);
  repacked_.insert_or_assign(digest, Repacked{stored.digest, size_bytes});
  return {std::move(digest), size_bytes};
}

std::optional<std::uint64_t> LayerPacker::find(const oci::Digest& digest) const {
  if (const auto size = blobs_.find(digest)) {
    return size;
  }
  const std::lock_guard lock(mutex_);
  const auto found = repacked_.find(digest);
  return found == repacked_.end() ? std::nullopt : std::optional(found->second.size_bytes);
}

std::optional<oci::Digest> LayerPacker::stored_as(const oci::Digest& digest) const {
  if (blobs_.find(digest)) {
    return digest;
  }
  const std::lock_guard lock(mutex_);
  const auto found = repacked_.find(digest);
  return found == repacked_.end() ? std::nullopt : std::optional(found->second.stored);
}

} // namespace regctl
