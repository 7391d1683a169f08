// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/layer_packing.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/parallel.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace regctl::ops {

namespace {

bool is_plain(const oci::Descriptor& layer) {
  return layer.media_type == oci::k_oci_layer;
}

bool is_same_image(const oci::Manifest& image, const oci::Manifest& there) {
  return image.config && there.config && image.config->digest == there.config->digest &&
         image.layers.size() == there.layers.size() &&
         std::none_of(there.layers.begin(), there.layers.end(), is_plain);
}

/// Compresses one layer on its way.
oci::PutBlob send(const OciRoute& route, const oci::Descriptor& layer) {
  auto& progress = route.session.progress();
  const auto task = progress.begin(std::string(layer.digest.hex()), route.verb, layer.size_bytes);
  const auto open = [&] {
    auto plain = make_tap_source(route.source.open_blob(layer),
                                 [&](auto piece) { progress.advance(task, piece.size()); });
    return make_limited_source(make_fast_gzip_source(std::move(plain)), route.limits);
  };
  try {
    auto put = route.destination.put_blob({std::nullopt, std::nullopt, open});
    progress.finish(task);
    return put;
  } catch (...) {
    progress.fail(task);
    throw;
  }
}

/// Whether the repository has what a layer became, maybe from another one.
bool has(const OciRoute& route, const oci::PutBlob& packed) {
  const auto place = route.places.find(packed.digest);
  const oci::Descriptor blob{std::string(oci::k_oci_layer_gzip), packed.digest, packed.size_bytes};
  const bool is_there =
      place && (*place == route.destination_name || route.destination.mount_blob(blob, *place));
  if (is_there) {
    route.session.progress().skipped(std::string(packed.digest.hex()), route.verb,
                                     packed.size_bytes);
  }
  return is_there;
}

ManifestNode with_packed_layers(const ManifestNode& root, const PackedLayers& packed) {
  auto document = parse_json(root.document.bytes, "the manifest");
  auto& layers = document["layers"];
  for (std::size_t i = 0; i < root.manifest.layers.size(); ++i) {
    const auto& layer = root.manifest.layers[i];
    if (const auto found = is_plain(layer) ? packed.find(layer.digest) : std::nullopt) {
      layers[i]["mediaType"] = std::string(oci::k_oci_layer_gzip);
      layers[i]["digest"] = found->digest.to_string();
      layers[i]["size"] = found->size_bytes;
    }
  }
  auto bytes = dump_json(document);
  return to_node(
      oci::make_document(std::move(bytes), root.document.media_type, std::nullopt, "the manifest"),
      "the destination");
}

} // namespace

std::optional<oci::PutBlob> PackedLayers::find(const oci::Digest& plain) const {
  const std::lock_guard lock(mutex_);
  const auto found = packed_.find(plain);
  return found == packed_.end() ? std::nullopt : std::optional(found->second);
}

void PackedLayers::add(const oci::Digest& plain, const oci::PutBlob& packed) {
  const std::lock_guard lock(mutex_);
  packed_.insert_or_assign(plain, packed);
}

PackedImage pack_plain_layers(const OciRoute& route, ManifestNode root,
                              const std::optional<ManifestNode>& there, PackedLayers& known) {
  std::vector<oci::Descriptor> plain;
  for (const auto& layer : root.manifest.blobs()) {
    if (is_plain(layer)) {
      plain.push_back(layer);
    }
  }
  if (plain.empty()) {
    return {std::move(root)};
  }
  if (there && is_same_image(root.manifest, there->manifest)) {
    return {*there};
  }
  PackedImage image{root};
  std::mutex mutex;
  run_parallel(route.session.jobs(), plain.size(), [&](std::size_t i) {
    if (const auto packed = known.find(plain[i].digest); packed && has(route, *packed)) {
      route.places.add(packed->digest, route.destination_name);
      return;
    }
    const auto put = send(route, plain[i]);
    route.places.add(put.digest, route.destination_name);
    known.add(plain[i].digest, put);
    const std::lock_guard lock(mutex);
    ++image.layers;
    image.bytes_read += plain[i].size_bytes;
  });
  image.root = with_packed_layers(root, known);
  return image;
}

} // namespace regctl::ops
