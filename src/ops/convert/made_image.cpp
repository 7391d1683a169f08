// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/made_image.hpp"

#include "ops/oci/manifest_tree.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
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

/// A config without the members that tell of its steps.
Json members_of(const std::string& config, const std::string& what) {
  auto members = parse_json(config, what);
  if (members.is_object()) {
    members.erase("history");
    members.erase("rootfs");
  }
  return members;
}

/// The images of a chain, base first, as the recorded ancestry tells them if they are `count`; else
/// as their parents do.
std::vector<std::string> read_ids(Session& session, V1Repository& source, const std::string& id,
                                  std::size_t count) {
  auto ids = source.ancestry(id).value_or(std::vector<std::string>());
  if (ids.size() != count) {
    ids.clear();
    for (const auto& member : read_chain(session, source, id, /*jobs=*/1)) {
      ids.push_back(member.image.id);
    }
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

/// Whether the config tells of the steps of the chain, and the manifest has a layer for each that
/// is not empty.
bool has_steps(const oci::Config& config, const std::vector<std::string>& ids,
               const ConversionMark& mark, const BlobOf& blob_of) {
  if (config.history.size() != ids.size() || config.diff_ids.size() != mark.layers.size()) {
    return false;
  }
  std::size_t layer = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool is_empty = config.history[i].is_empty_layer;
    if (!is_empty && layer == mark.layers.size()) {
      return false;
    }
    const auto there = is_empty ? std::nullopt : std::optional(mark.layers[layer++]);
    if (blob_of && blob_of(ids[i]) != there) {
      return false; // or the blob turned out to have no files: then it is read once more
    }
  }
  return layer == mark.layers.size();
}

} // namespace

std::string converted_from(const oci::Manifest& manifest) {
  const auto found = manifest.annotations.find(k_v1_id_annotation);
  return found == manifest.annotations.end() ? "" : found->second;
}

std::optional<ConversionMark> read_mark(const oci::Document& manifest, const std::string& what) {
  const auto parsed = oci::Manifest::parse(manifest.bytes, manifest.media_type, what);
  auto id = converted_from(parsed);
  if (id.empty() || parsed.kind != oci::Manifest::Kind::image || !parsed.config) {
    return std::nullopt;
  }
  ConversionMark mark{std::move(id), *parsed.config, {}};
  mark.layers.reserve(parsed.layers.size());
  for (const auto& layer : parsed.layers) {
    mark.layers.push_back(layer.digest);
  }
  return mark;
}

bool is_conversion(Session& session, V1Repository& source, OciRepository& destination,
                   const ConversionMark& mark, const BlobOf& blob_of) {
  try {
    const auto what = "a config of " + destination.describe();
    const auto bytes = read_config(destination, mark.config);
    const auto config = oci::Config::parse(bytes, what);
    const auto image = source.find_image(mark.id);
    if (!image || !has_steps(config, read_ids(session, source, mark.id, config.history.size()),
                             mark, blob_of)) {
      return false;
    }
    const auto members = members_of(bytes, what);
    const auto texts = all_texts(*image);
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return members_of(convert_config({{text, "", true}}).bytes, what) == members;
    });
  } catch (const Error& error) {
    if (ends_run(error)) {
      throw;
    }
    return false;
  }
}

std::optional<oci::Digest> find_conversion(Session& session, V1Repository& source,
                                           const std::string& id, OciRepository& destination,
                                           const oci::ManifestName& name, const BlobOf& blob_of) {
  try {
    const auto document = destination.read_manifest(name);
    const auto mark = document
                          ? read_mark(*document, destination.describe() + ":" + name.to_string())
                          : std::nullopt;
    return mark && mark->id == id && is_conversion(session, source, destination, *mark, blob_of)
               ? std::optional(document->digest)
               : std::nullopt;
  } catch (const Error& error) {
    if (ends_run(error)) {
      throw;
    }
    return std::nullopt;
  }
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
  const auto config = oci::Config::parse(read_config(destination, *manifest.config), config_name);
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
