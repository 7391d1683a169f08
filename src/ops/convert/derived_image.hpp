// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/manifest_tree.hpp"

#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/derive.hpp>

#include <string>
#include <vector>

namespace regctl::ops {

/// An OCI image as the v1 chain that it becomes.
struct DerivedImage {
  oci::Descriptor descriptor; ///< of the image's manifest
  oci::Manifest manifest;     ///< with a layer for each diff ID of the chain
  std::string config;         ///< its bytes
  DerivedV1Chain chain;
  /// It has annotations, or comes from an index: v1 images have no place for either.
  bool loses_something = false;
  bool is_default_platform = false; ///< it is the image for linux/amd64 of an index, unasked

  [[nodiscard]] const std::string& top_id() const { return chain.images.back().id; }
};

/// Reads the image that `root`, a manifest of `repository`, has for the platform: of an index that
/// for linux/amd64 if `platforms` is empty; a manifest that is no index is taken as it is then.
/// Throws Error{usage} for more than one platform, Error{not_found} naming the platforms that there
/// are; Error{unsupported} for what is no image, and for encrypted layers; Error{protocol} for a
/// config that is malformed or does not fit the manifest.
DerivedImage derive_image(OciRepository& repository, ManifestNode root,
                          const std::vector<oci::Platform>& platforms);

} // namespace regctl::ops
