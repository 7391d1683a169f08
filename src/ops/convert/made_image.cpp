// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/made_image.hpp"

#include "ops/convert/trial_repository.hpp"
#include "ops/oci/manifest_tree.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <cstdint>
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

std::string print_descriptor(const oci::Descriptor& blob) {
  return "{\"mediaType\":\"" + blob.media_type + "\",\"digest\":\"" + blob.digest.to_string() +
         "\",\"size\":" + std::to_string(blob.size_bytes) + "}";
}

/// A v1 image of a chain, and what the converted image has of it.
struct StepThere {
  const V1Image& image;
  std::optional<oci::Digest> diff_id = {};         ///< nothing for an empty step
  std::optional<ConversionMark::Layer> layer = {}; ///< likewise
};

/// The steps of a chain, which is given child first; the result is base first. Nothing if the
/// config tells of other steps, or the manifest has not a layer for each that is not empty.
std::optional<std::vector<StepThere>> pair_steps(const std::vector<ChainImage>& chain,
                                                 const oci::Config& config,
                                                 const ConversionMark& mark) {
  if (config.history.size() != chain.size() || config.diff_ids.size() != mark.layers.size()) {
    return std::nullopt;
  }
  std::vector<StepThere> steps;
  std::size_t next = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    steps.push_back({chain[chain.size() - 1 - i].image});
    if (config.history[i].is_empty_layer) {
      continue;
    }
    if (next == mark.layers.size()) {
      return std::nullopt;
    }
    steps.back().diff_id = config.diff_ids[next];
    steps.back().layer = mark.layers[next++];
  }
  return next == mark.layers.size() ? std::optional(std::move(steps)) : std::nullopt;
}

/// Whether the config has the bytes that conversion gives for this chain and these diff IDs.
bool has_config_of(const ConvertRoute& route, const ConversionMark& mark,
                   const std::vector<StepThere>& steps) {
  std::vector<ConvertedStep> converted;
  converted.reserve(steps.size());
  for (const auto& step : steps) {
    converted.push_back(
        {step.image.json, step.diff_id ? step.diff_id->to_string() : "", !step.diff_id});
  }
  const auto texts = all_texts(steps.back().image);
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    converted.back().json = text;
    const auto bytes = convert_config(converted, route.assumed).bytes;
    return bytes.size() == mark.config.size_bytes && oci::Digest::of(bytes) == mark.config.digest;
  });
}

/// Whether the layer is the one that registries want of an image whose layers are all empty.
bool stands_for_none(const StepThere& step, const ConversionMark& mark) {
  return step.layer && mark.layers.size() == 1 &&
         step.layer->digest == oci::Digest::of(empty_layer_gzip());
}

/// The blob that the layer becomes, as the source itself or the route's known layers tell; without
/// them, and if its size is not that of the stored layer, as a trial shows. Nothing if it may well
/// be the one that is there.
std::optional<ConvertedLayer> look_at_layer(const ConvertRoute& route, const StepThere& step,
                                            bool is_empty) {
  constexpr std::uint64_t k_largest_empty_layer = 64 * 1024;
  if (auto known = route.known.find ? route.known.find(step.image) : std::nullopt) {
    return known;
  }
  const auto stored = step.image.layer_size_bytes;
  const auto is_likely = [&] {
    return is_empty ? *stored <= k_largest_empty_layer : *stored == step.layer->size_bytes;
  };
  if (!stored || is_likely()) {
    return std::nullopt;
  }
  TrialRepository trial;
  BlobPlaces places;
  ConvertRoute way{route.session,           route.source, trial, "", places, OciForm::oci,
                   Progress::Verb::reading, route.limits};
  way.is_silent = true;
  auto layer = convert_layer(way, step.image, {}).layer;
  if (route.known.put) { // many images may share the layer
    route.known.put(step.image, layer);
  }
  return layer;
}

/// Whether the layer of a step is the one that is there, as far as that can be told.
bool has_layer_of(const ConvertRoute& route, const StepThere& step, const ConversionMark& mark,
                  const BlobOf& blob_of) {
  const auto there = step.layer ? std::optional(step.layer->digest) : std::nullopt;
  if (blob_of) {
    return blob_of(step.image.id) == there; // a blob without files is read once more
  }
  const bool is_empty = !step.layer || stands_for_none(step, mark);
  const auto layer = look_at_layer(route, step, is_empty);
  if (!layer) {
    return true;
  }
  if (!layer->blob || is_empty) {
    return !layer->blob && is_empty;
  }
  return layer->blob->digest == there && layer->diff_id == step.diff_id->to_string();
}

} // namespace

std::string converted_from(const oci::Manifest& manifest) {
  const auto found = manifest.annotations.find(k_v1_id_annotation);
  return found == manifest.annotations.end() ? "" : found->second;
}

std::string print_converted_manifest(OciForm form, const oci::Descriptor& config,
                                     const std::vector<oci::Descriptor>& layers,
                                     const std::string& id) {
  const bool is_docker = form == OciForm::docker;
  std::string printed;
  for (const auto& layer : layers) {
    printed += (printed.empty() ? "" : ",") + print_descriptor(layer);
  }
  auto manifest = "{\"schemaVersion\":2,\"mediaType\":\"" +
                  std::string(is_docker ? oci::k_docker_manifest : oci::k_oci_manifest) +
                  "\",\"config\":" + print_descriptor(config) + ",\"layers\":[" + printed + "]";
  if (!is_docker) { // the other form has no annotations
    manifest += std::string(",\"annotations\":{\"") + k_v1_id_annotation + "\":\"" + id + "\"}";
  }
  return manifest + "}";
}

std::optional<ConversionMark> read_mark(const oci::Document& manifest, const std::string& what) {
  const auto parsed = oci::Manifest::parse(manifest.bytes, manifest.media_type, what);
  auto id = converted_from(parsed);
  if (id.empty() || parsed.kind != oci::Manifest::Kind::image || !parsed.config ||
      print_converted_manifest(OciForm::oci, *parsed.config, parsed.layers, id) != manifest.bytes) {
    return std::nullopt;
  }
  ConversionMark mark{std::move(id), *parsed.config, {}};
  mark.layers.reserve(parsed.layers.size());
  for (const auto& layer : parsed.layers) {
    mark.layers.push_back({layer.digest, layer.size_bytes});
  }
  return mark;
}

bool is_conversion(const ConvertRoute& route, const ConversionMark& mark, const BlobOf& blob_of) {
  try {
    const auto bytes = read_config(route.destination, mark.config);
    const auto config = oci::Config::parse(bytes, "a config of " + route.destination.describe());
    const auto chain = read_chain(route.session, route.source, mark.id, /*jobs=*/1);
    const auto steps = pair_steps(chain, config, mark);
    return steps && has_config_of(route, mark, *steps) &&
           std::all_of(steps->begin(), steps->end(), [&](const StepThere& step) {
             return has_layer_of(route, step, mark, blob_of);
           });
  } catch (const Error& error) {
    if (ends_run(error)) {
      throw;
    }
    return false;
  }
}

std::optional<oci::Digest> find_conversion(const ConvertRoute& route, const std::string& id,
                                           const oci::ManifestName& name, const BlobOf& blob_of) {
  try {
    const auto document = route.destination.read_manifest(name);
    const auto mark =
        document ? read_mark(*document, route.destination.describe() + ":" + name.to_string())
                 : std::nullopt;
    return mark && mark->id == id && is_conversion(route, *mark, blob_of)
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
