// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/made_image.hpp"

#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/v1/layer.hpp>

#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

/// The layers of each step, base first; of an image that was not made from steps, each a step.
std::vector<MadeLayer> layers_of(const oci::Manifest& manifest, const oci::Config& config) {
  std::vector<MadeLayer> layers;
  const auto& blobs = manifest.layers;
  std::size_t next = 0;
  const auto add_blob = [&](MadeLayer layer) {
    layer.diff_id = next < config.diff_ids.size() ? std::optional(config.diff_ids[next].to_string())
                                                  : std::nullopt;
    layer.blob = blobs[next++];
    layers.push_back(std::move(layer));
  };
  for (const auto& step : config.history) {
    if (step.is_empty_layer) {
      layers.emplace_back();
    } else if (next < blobs.size()) {
      add_blob({});
    }
  }
  while (next < blobs.size()) {
    add_blob({});
  }
  return layers;
}

/// Names the v1 images of the layers. A chain of another length is that of another image.
void name_images(Session& session, V1Repository& source, const std::string& id,
                 std::vector<MadeLayer>& layers) {
  const auto chain = read_chain(session, source, id, /*jobs=*/1);
  if (chain.size() != layers.size()) {
    return;
  }
  auto layer = layers.rbegin();
  for (const auto& member : chain) {
    layer->id = member.image.id;
    layer->checksums = payload_sums(member.image);
    ++layer;
  }
}

} // namespace

std::string converted_from(const oci::Manifest& manifest) {
  const auto found = manifest.annotations.find(k_v1_id_annotation);
  return found == manifest.annotations.end() ? "" : found->second;
}

std::shared_ptr<const MadeImage> find_made_image(Session& session, V1Repository& source,
                                                 OciRepository& destination, const std::string& tag,
                                                 std::optional<std::string> id) {
  const auto document = destination.read_manifest(oci::ManifestName::tag(tag));
  if (!document) {
    return nullptr;
  }
  const auto what = destination.describe() + ":" + tag;
  const auto manifest = oci::Manifest::parse(document->bytes, document->media_type, what);
  if (manifest.kind != oci::Manifest::Kind::image || !manifest.config) {
    return nullptr;
  }
  const auto config_name = "the config of " + what;
  const auto config = oci::Config::parse(
      read_text(*destination.open_blob(*manifest.config), k_document_limit_bytes, config_name),
      config_name);
  auto layers = layers_of(manifest, config);
  if (!id) {
    id = converted_from(manifest);
  }
  if (is_v1_id(*id)) {
    name_images(session, source, *id, layers);
  }
  return std::make_shared<const MadeImage>(MadeImage{
      *id, manifest.media_type, document->digest, manifest.config->digest, {}, std::move(layers)});
}

} // namespace regctl::ops
