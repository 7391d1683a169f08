// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/derived_image.hpp"

#include "ops/convert/made_image.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/v1/chain.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

ManifestNode choose(OciRepository& repository, ManifestNode root,
                    std::vector<oci::Platform> platforms) {
  if (platforms.size() > 1) {
    throw Error(ErrorKind::usage, "a v1 image is for one platform",
                "name one of them with --platform");
  }
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

} // namespace

oci::Platform default_v1_platform() {
  return {"linux", "amd64", ""};
}

DerivedImage derive_image(OciRepository& repository, ManifestNode root,
                          const std::vector<oci::Platform>& platforms) {
  const bool is_index = root.manifest.kind == oci::Manifest::Kind::index;
  auto node = choose(repository, std::move(root), platforms);
  const auto what = "manifest " + node.document.digest.short_hex() + " of " + repository.describe();
  check_convertible(node.manifest, what);
  auto config = read_config(repository, node.manifest);
  auto chain = in_context([&] { return "reading the config of " + what; },
                          [&] { return derive_v1_chain(config); });
  if (chain.diff_ids.size() != node.manifest.layers.size()) {
    throw Error(ErrorKind::protocol, what + " has " + std::to_string(node.manifest.layers.size()) +
                                         " layers, and its config tells of " +
                                         std::to_string(chain.diff_ids.size()));
  }
  if (chain.images.size() > k_max_chain) {
    throw Error(ErrorKind::unsupported, what + " has " + std::to_string(chain.images.size()) +
                                            " steps, and a v1 image at most " +
                                            std::to_string(k_max_chain));
  }
  return {node.document.descriptor(),
          node.manifest,
          std::move(config),
          std::move(chain),
          is_index || has_own_annotations(node.manifest.annotations),
          is_index && platforms.empty()};
}

} // namespace regctl::ops
