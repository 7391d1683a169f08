// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/trial.hpp"
#include "ops/oci/manifest_tree.hpp"

#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/derive.hpp>
#include <regctl/ops/session.hpp>

#include <string>
#include <vector>

namespace regctl::ops {

/// An OCI image as the v1 chain that it becomes.
struct DerivedImage {
  oci::Descriptor descriptor; ///< of the image's manifest
  /// With a layer for each diff ID of the chain. Of schema 1 the manifest of the image that it
  /// becomes, whose layers are the blobs of the source, whatever their compression is.
  oci::Manifest manifest;
  std::string config; ///< its bytes
  DerivedV1Chain chain;
  /// It has annotations, or comes from an index: v1 images have no place for either.
  bool loses_something = false;
  bool is_default_platform = false; ///< it is the image for linux/amd64 of an index, unasked

  [[nodiscard]] const std::string& top_id() const { return chain.images.back().id; }
};

/// Derives v1 chains from images. Thread-safe.
class ImageDeriver {
public:
  explicit ImageDeriver(Session& session) : trial_(session, OciForm::oci) {}

  /// Reads the image that `root`, a manifest of `repository`, has for the platform: of an index
  /// that for linux/amd64 if `platforms` is empty; a manifest that is no index is taken as it is
  /// then. A manifest of Docker's schema 1 is converted first, by the rules of conversions from v1,
  /// since it tells no diff IDs: that reads its layers, each once in a run. Throws Error{usage} for
  /// more than one platform, Error{not_found} naming the platforms that there are;
  /// Error{unsupported} for artifacts, and for encrypted layers; Error{protocol} for a
  /// config that is malformed or does not fit the manifest.
  DerivedImage derive(OciRepository& repository, ManifestNode root,
                      const std::vector<oci::Platform>& platforms);

private:
  DerivedImage derive_schema1(OciRepository& repository, const ManifestNode& node,
                              const std::vector<oci::Platform>& platforms);

  ConversionTrial trial_; ///< of schema 1
};

} // namespace regctl::ops
