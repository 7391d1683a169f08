// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/flatten/image_files.hpp"

#include <regctl/base/record_sorter.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/place.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// A layer of an image of either model.
struct LayerHandle {
  std::string name; ///< digest of the blob, or ID of the v1 image
  std::optional<std::uint64_t> size_bytes;
  OpenSource open;                  ///< verifies what it reads
  std::string what;                 ///< for messages
  bool is_named_by_content = false; ///< the name stands for the same bytes everywhere
};

/// An image of either model, opened to be compared. Its layers may be opened from any thread.
struct ImageHandle {
  std::string identity;            ///< digest of the manifest, or ID of the v1 image
  std::vector<LayerHandle> layers; ///< base first
  std::string config;              ///< of an OCI image
  std::vector<std::string> jsons;  ///< of a v1 chain, one for each layer
  std::shared_ptr<void> keeps_open = nullptr;
};

/// The image that a place names; of an index that for the platform, or for this machine. Throws
/// Error{unsupported} for artifacts and for manifests of schema 1, which have no config; and as
/// export_image() does.
ImageHandle open_image(Session& session, const Place& place,
                       const std::optional<oci::Platform>& platform);

/// The image with this ID. `repository` must outlive the result.
ImageHandle open_v1_image(Session& session, V1Repository& repository, const std::string& id);

/// The image of a manifest that is no index. `repository` must outlive the result.
ImageHandle open_oci_image(OciRepository& repository, const oci::Manifest& manifest,
                           const std::string& digest);

/// A layer that was read.
struct LayerSummary {
  LayerHandle layer;
  std::string diff_id;
  bool is_blank = false;
};

/// What an image is made of.
struct ImageContent {
  std::string config; ///< of a v1 chain, as a conversion makes it
  std::vector<LayerSummary> layers;
  ImageFiles files;
};

struct ContentPair {
  ImageContent a;
  ImageContent b;
};

/// Reads both images, a layer that they share once. Layers are read in parallel and verified.
/// Memory does not depend on their sizes: what is found is sorted in a temporary file. Throws as
/// read_layer_content() and make_image_files() do.
ContentPair read_contents(Session& session, const ImageHandle& a, const ImageHandle& b);

/// Calls `on_path` for each path of two images that differs, in their order; one of the entries is
/// null where the other image alone has the path. Returns how many are alike.
std::uint64_t
compare_files(const ImageFiles& a, const ImageFiles& b,
              const std::function<void(const FileEntry* of_a, const FileEntry* of_b)>& on_path);

} // namespace regctl::ops
