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

/// One image of a v1 chain: its ID, the exact bytes of its JSON, and a store's record of its layer.
/// The JSON is never re-serialised, since the payload checksum covers its bytes.
struct V1Image {
  std::string id;
  std::string json;                              ///< exact bytes
  std::optional<std::uint64_t> layer_size_bytes; ///< of the layer as stored (compressed or not)

  /// The checksums that a store recorded: payload checksums ("sha256:" and hex, over json, "\n" and
  /// the layer's stored bytes) and sums of other kinds ("tarsum+sha256:…", which payload_sums()
  /// leaves out). Several if the store recorded several uploads; any of them may be right. Empty if
  /// it reports none.
  std::vector<std::string> payload_checksums;

  /// For a store known to re-encode JSON: every text that may have been pushed, most likely first;
  /// empty for all other stores. (docker-registry-server 2.2.0 parses JSON and prints it again, so
  /// that Go's "\\u003c" comes back as "<".) A LayerSource finds the right text by the payload
  /// checksum.
  std::vector<std::string> json_candidates;

  /// The store keeps the checksum as one text and not as a list, as old docker-registries did.
  bool has_old_checksum = false;
};

/// Every text that may be the image's JSON, most likely first.
std::vector<std::string> all_texts(const V1Image& image);

/// The fields of a v1 image's JSON that regctl follows or shows.
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
  std::string variant; ///< of the CPU: "v7"; only of images that were OCI images
  std::optional<std::uint64_t> size_bytes; ///< "Size": unpacked size of this layer, if present
};

/// Reads `json`. Throws Error{protocol} naming the field if it is no object, `id` is not an image
/// ID, or `parent` is neither absent, null, "" nor an image ID.
V1ImageInfo parse_v1_image(std::string_view json);

/// The text that a v1 payload checksum covers before the layer: the JSON and "\n". The checksum is
/// "sha256:" and the hex sum over this prefix and the layer's bytes.
std::string payload_prefix(std::string_view json);

} // namespace regctl
