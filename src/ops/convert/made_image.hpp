// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/layer_conversion.hpp"

#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/made_image.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// The annotation of a manifest that says which v1 image it was made from.
inline constexpr const char* k_v1_id_annotation = "regctl.v1.id";

/// The v1 image that a manifest says it was made from; empty if it does not say so.
std::string converted_from(const oci::Manifest& manifest);

/// The manifest of a converted image: compact, and in OCI's form with the annotation as its end.
/// Equal images have equal bytes.
std::string print_converted_manifest(OciForm form, const oci::Descriptor& config,
                                     const std::vector<oci::Descriptor>& layers,
                                     const std::string& id);

/// The facts of a converted image that its manifest tells.
struct ConversionMark {
  struct Layer {
    oci::Digest digest;
    std::uint64_t size_bytes;
  };

  std::string id; ///< of the v1 image
  oci::Descriptor config;
  std::vector<Layer> layers; ///< base first
};

/// The mark of a manifest; nothing if it has no annotation, or is not written as
/// print_converted_manifest() does. Throws Error{protocol} for a manifest that is malformed; `what`
/// names it.
std::optional<ConversionMark> read_mark(const oci::Document& manifest, const std::string& what);

/// The digest of the blob that an image of the source has as its layer; nothing for one without.
using BlobOf = std::function<std::optional<oci::Digest>(const std::string& id)>;

/// Whether the image with this mark at the route's destination is what its v1 image becomes in
/// OCI's form, and not another one that was built on that, or rebased, and inherited the
/// annotation. The config must be the one that conversion gives for these diff IDs, byte by byte. A
/// layer must be the one that `blob_of` or the route's known layers tell. Without them its size
/// must be that of the stored layer; where it is not, the layer is converted on trial, since it may
/// have been compressed anew. Reads the config, and ancestry and JSONs at the source. An image that
/// cannot be read is no conversion; throws Error{interrupted} and Error{denied}.
bool is_conversion(const ConvertRoute& route, const ConversionMark& mark,
                   const BlobOf& blob_of = {});

/// The manifest that has this name at the route's destination, if its mark names `id` and
/// is_conversion() holds. Nothing for a manifest that cannot be read; throws Error{interrupted} and
/// Error{denied}.
std::optional<oci::Digest> find_conversion(const ConvertRoute& route, const std::string& id,
                                           const oci::ManifestName& name,
                                           const BlobOf& blob_of = {});

/// What the tag names in `destination` and how it was made, read from its manifest, its config and
/// the chain of `id` at the source; without `id` the manifest is asked for it. Null if there is no
/// such tag, or no image under it. Where the chain is not that of the config, the v1 images are
/// those of the config's steps and have no IDs. Throws the errors of reading.
std::shared_ptr<const MadeImage> find_made_image(Session& session, V1Repository& source,
                                                 OciRepository& destination, const std::string& tag,
                                                 std::optional<std::string> id);

} // namespace regctl::ops
