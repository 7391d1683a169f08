// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/made_image.hpp>
#include <regctl/ops/session.hpp>

#include <memory>
#include <optional>
#include <string>

namespace regctl::ops {

/// The annotation of a manifest that says which v1 image it was made from.
inline constexpr const char* k_v1_id_annotation = "regctl.v1.id";

/// The v1 image that a manifest says it was made from; empty if it does not say so.
std::string converted_from(const oci::Manifest& manifest);

/// What the tag names in `destination` and how it was made, read from its manifest, its config and
/// the chain of `id` at the source; without `id` the manifest is asked for it. Null if there is no
/// such tag, or no image under it. Where the chain is not that of the config, the v1 images are
/// those of the config's steps and have no IDs. Throws the errors of reading.
std::shared_ptr<const MadeImage> find_made_image(Session& session, V1Repository& source,
                                                 OciRepository& destination, const std::string& tag,
                                                 std::optional<std::string> id);

} // namespace regctl::ops
