// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/made_image.hpp>
#include <regctl/ops/session.hpp>

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

/// The facts of a converted image that its manifest tells.
struct ConversionMark {
  std::string id; ///< of the v1 image
  oci::Descriptor config;
  std::vector<oci::Digest> layers; ///< base first
};

/// The mark of a manifest; nothing if it has no annotation. Throws Error{protocol} for a manifest
/// that is malformed; `what` names it.
std::optional<ConversionMark> read_mark(const oci::Document& manifest, const std::string& what);

/// The digest of the blob that an image of the source has as its layer; nothing for one without.
using BlobOf = std::function<std::optional<oci::Digest>(const std::string& id)>;

/// Whether the image with this mark in `destination` is what its v1 image becomes in OCI's form,
/// and not another one that was built on that and inherited the annotation: the two have the same
/// number of steps, each with its layer, and a config with the same members. The layers themselves
/// are compared only with `blob_of`, for a source whose IDs may stand for different layers. Reads
/// the config, and ancestry and JSON at the source. An image that cannot be read is no conversion;
/// throws Error{interrupted} and Error{denied}.
bool is_conversion(Session& session, V1Repository& source, OciRepository& destination,
                   const ConversionMark& mark, const BlobOf& blob_of = {});

/// The manifest that has this name in `destination`, if its mark names `id` and is_conversion()
/// holds. Nothing for a manifest that cannot be read; throws Error{interrupted} and Error{denied}.
std::optional<oci::Digest> find_conversion(Session& session, V1Repository& source,
                                           const std::string& id, OciRepository& destination,
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
