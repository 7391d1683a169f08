// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// A v1 image derived from one history step of an image config (Docker 1.10 and later, OCI).
struct DerivedV1Image {
  std::string id;
  std::string json;
  std::optional<std::size_t> layer_index; ///< into rootfs.diff_ids; nothing: an empty tar
};

struct DerivedV1Chain {
  std::vector<DerivedV1Image> images; ///< base first, never empty
  std::vector<std::string> diff_ids;  ///< of the config: "sha256:" and 64 hex digits each
  /// The corrections and remarks, in words that reports show: "history-unusable",
  /// "created-invalid", "config-dropped", "Cmd-wrapped", …
  std::set<std::string> notes;
};

/// The v1 chain of an image config: one image for each history entry, or one for each layer if the
/// history does not account for every layer.
///
/// The JSON of a step holds parent, created, container_config.Cmd (created_by), author and comment.
/// The JSON of the top step also holds the config's own members (config, architecture, os,
/// docker_version and unknown ones), as they were written and in their order. Times are normalised,
/// and left out if they cannot be read. The ID is the sha256 of "regctl-v1-image\n", the JSON
/// without its id, "\n", and the layer's diff ID or "empty". So IDs depend on content alone, never
/// on a layer's compression or on a manifest, and a second push finds all images already there.
/// Throws Error{protocol} naming the field of `config` that is wrong.
DerivedV1Chain derive_v1_chain(std::string_view config);

/// sha256 of the empty tar (1,024 zero bytes), with "sha256:".
inline constexpr std::string_view k_empty_tar_diff_id =
    "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

} // namespace regctl
