// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// True for 64 lower-case hex digits, and for the 16 that docker-registry also accepts.
bool is_v1_id(std::string_view text) noexcept;

/// The first 12 digits, as docker shows an ID.
std::string short_id(std::string_view id);

/// One image of a v1 chain: its ID and the exact bytes of its JSON, and what a store knows of its
/// layer. The bytes are never re-serialised: the payload checksum covers them.
struct V1Image {
  std::string id;
  std::string json;                              ///< exact bytes
  std::optional<std::uint64_t> layer_size_bytes; ///< of the layer as stored (compressed or not)

  /// What a store recorded: "sha256:" and hex, over json, "\n" and the layer's stored bytes, and
  /// sums of other kinds ("tarsum+sha256:…"; payload_sums() leaves them out). Several where it
  /// recorded several uploads (any may match); empty where it tells none.
  std::vector<std::string> payload_checksums;

  /// Where the store is known to re-encode JSON (docker-registry-server 2.2.0 parses and prints it
  /// anew, so that Go's "\\u003c" comes back as "<"): every text that may have been pushed, most
  /// likely first. The payload checksum tells which one it was: LayerSource. Empty everywhere else.
  std::vector<std::string> json_candidates;
};

/// What is read out of a v1 image's JSON to follow chains and to show images.
struct V1ImageInfo {
  std::string id;
  std::optional<std::string> parent; ///< nothing for a base image
  std::string created;               ///< RFC 3339 as written, or empty
  std::string created_by;            ///< container_config.Cmd joined by spaces, or empty
  std::string comment;
  std::string author;
  std::string docker_version;
  std::string architecture;
  std::string os;
  std::optional<std::uint64_t> size_bytes; ///< "Size": unpacked size of this layer, if it is told
};

/// Reads `json`. Throws Error{protocol} naming the field if it is no object, `id` is not an image
/// ID, or `parent` is neither absent, null, "" nor an image ID.
V1ImageInfo parse_v1_image(std::string_view json);

/// "sha256:" and the hex sum of json + "\n" + layer bytes is what a v1 registry calls the payload
/// checksum: this is the part before the layer.
std::string payload_prefix(std::string_view json);

} // namespace regctl
