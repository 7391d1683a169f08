// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/derived_image.hpp"

#include "ops/convert/made_image.hpp"
#include "ops/convert/schema1_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/schema1.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

std::string describe(const OciRepository& repository, const ManifestNode& node) {
  return "manifest " + node.document.digest.short_hex() + " of " + repository.describe();
}

void check_is_one(const std::vector<oci::Platform>& platforms) {
  if (platforms.size() > 1) {
    throw Error(ErrorKind::usage, "a v1 image is for one platform",
                "name one of them with --platform");
  }
}

ManifestNode choose(OciRepository& repository, ManifestNode root,
                    std::vector<oci::Platform> platforms) {
  check_is_one(platforms);
  if (platforms.empty() && root.manifest.kind == oci::Manifest::Kind::index) {
    platforms.push_back({"linux", "amd64", ""});
  }
  return narrow(repository, std::move(root), platforms);
}

/// Artifacts, signatures and attestations are no images, and nobody can unpack encrypted layers.
void check_convertible(const oci::Manifest& manifest, const std::string& what) {
  if (!manifest.config || !oci::is_image_config(manifest.config->media_type)) {
    throw Error(ErrorKind::unsupported,
                what + " is no image that v1 can hold, but " +
                    (manifest.config ? excerpt(manifest.referrer_type()) : "of Docker's schema 1"));
  }
  for (const auto& layer : manifest.layers) {
    if (oci::is_layer(layer.media_type)) {
      continue;
    }
    const bool is_encrypted = layer.media_type.ends_with("+encrypted");
    throw Error(
        ErrorKind::unsupported,
        what +
            (is_encrypted ? " has an encrypted layer, " : " is no image that v1 can hold: layer ") +
            layer.digest.short_hex() + " is of type " + excerpt(layer.media_type),
        is_encrypted ? "decrypt the image first" : "");
  }
}

bool has_own_annotations(const oci::Annotations& annotations) {
  return std::any_of(annotations.begin(), annotations.end(),
                     [](const auto& one) { return one.first != k_v1_id_annotation; });
}

void check_length(const DerivedV1Chain& chain, const std::string& what) {
  if (chain.images.size() > k_max_chain) {
    throw Error(ErrorKind::unsupported, what + " has " + std::to_string(chain.images.size()) +
                                            " steps, and a v1 image at most " +
                                            std::to_string(k_max_chain));
  }
}

/// Of an image that is no index.
void check_platform(const std::string& config, const std::vector<oci::Platform>& platforms,
                    const std::string& what) {
  check_is_one(platforms);
  const auto found = oci::Config::parse(config, "the config").platform;
  if (!platforms.empty() && !found.distance_from(platforms.front())) {
    throw Error(ErrorKind::not_found, what + " is no image for " + platforms.front().to_string() +
                                          ", but for " + found.to_string());
  }
}

/// The config of the image into which the steps of a manifest of schema 1 were converted.
std::string config_of(const std::vector<Schema1Step>& steps, const MadeImage& made) {
  std::vector<ConvertedStep> converted;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& layer = made.layers.at(i);
    converted.push_back({steps[i].json, layer.diff_id.value_or(""), !layer.blob});
  }
  return convert_config(converted).bytes;
}

} // namespace

DerivedImage ImageDeriver::derive(OciRepository& repository, ManifestNode root,
                                  const std::vector<oci::Platform>& platforms) {
  if (root.manifest.kind == oci::Manifest::Kind::schema1) {
    return derive_schema1(repository, root, platforms);
  }
  const bool is_index = root.manifest.kind == oci::Manifest::Kind::index;
  auto node = choose(repository, std::move(root), platforms);
  const auto what = describe(repository, node);
  check_convertible(node.manifest, what);
  auto config = read_config(repository, node.manifest);
  auto chain = in_context([&] { return "reading the config of " + what; },
                          [&] { return derive_v1_chain(config); });
  if (chain.diff_ids.size() != node.manifest.layers.size()) {
    throw Error(ErrorKind::protocol, what + " has " + std::to_string(node.manifest.layers.size()) +
                                         " layers, and its config tells of " +
                                         std::to_string(chain.diff_ids.size()));
  }
  check_length(chain, what);
  return {node.document.descriptor(),
          node.manifest,
          std::move(config),
          std::move(chain),
          is_index || has_own_annotations(node.manifest.annotations),
          is_index && platforms.empty()};
}

DerivedImage ImageDeriver::derive_schema1(OciRepository& repository, const ManifestNode& node,
                                          const std::vector<oci::Platform>& platforms) {
  const auto what = describe(repository, node);
  const auto steps = read_schema1_chain(node.document, what).steps;
  Schema1Repository images(repository, steps);
  const auto made = trial_.make(images, steps.back().id,
                                [&](const V1Image& image) { return images.key_of(image); });
  auto config = config_of(steps, made);
  check_platform(config, platforms, what);
  auto chain = derive_v1_chain(config);
  check_length(chain, what);
  oci::Manifest manifest;
  manifest.annotations = {{k_v1_id_annotation, made.id}};
  for (const auto& layer : made.layers) {
    if (!layer.blob) {
      continue;
    }
    const auto blob = images.blob_of(layer.id);
    const bool is_kept = blob == layer.blob->digest;
    if (!is_kept && layer.blob->digest == oci::Digest::of(empty_layer_gzip())) {
      // The only layer of an image without files is made anew, and no blob of the source.
      chain.images.back().layer_index.reset();
      chain.diff_ids.clear();
      break;
    }
    manifest.layers.push_back(
        {std::string(oci::k_docker_layer), blob.value(),
         is_kept ? layer.blob->size_bytes : repository.find_blob(*blob).value_or(0)});
  }
  return {node.document.descriptor(), std::move(manifest),
          std::move(config),          std::move(chain),
          /*loses_something=*/false,  /*is_default_platform=*/false};
}

} // namespace regctl::ops
