// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/layer_packing.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/parallel.hpp>

#include <algorithm>
#include <map>
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

using Packed = std::map<oci::Digest, oci::PutBlob>; // by the digest of the plain layer

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

ManifestNode with_packed_layers(const ManifestNode& root, const Packed& packed) {
  auto document = parse_json(root.document.bytes, "the manifest");
  auto& layers = document["layers"];
  for (std::size_t i = 0; i < root.manifest.layers.size(); ++i) {
    const auto found = packed.find(root.manifest.layers[i].digest);
    if (found != packed.end()) {
      layers[i]["mediaType"] = std::string(oci::k_oci_layer_gzip);
      layers[i]["digest"] = found->second.digest.to_string();
      layers[i]["size"] = found->second.size_bytes;
    }
  }
  auto bytes = dump_json(document);
  return to_node(
      oci::make_document(std::move(bytes), root.document.media_type, std::nullopt, "the manifest"),
      "the destination");
}

} // namespace

PackedImage pack_plain_layers(const OciRoute& route, ManifestNode root,
                              const std::optional<ManifestNode>& there) {
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
  Packed packed;
  std::mutex mutex;
  run_parallel(route.session.jobs(), plain.size(), [&](std::size_t i) {
    const auto put = send(route, plain[i]);
    route.places.add(put.digest, route.destination_name);
    const std::lock_guard lock(mutex);
    packed.emplace(plain[i].digest, put);
    ++image.layers;
    image.bytes_read += plain[i].size_bytes;
  });
  image.root = with_packed_layers(root, packed);
  return image;
}

} // namespace regctl::ops
