// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json_fwd.hpp>
#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/platform.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::oci {

using Annotations = std::map<std::string, std::string>;

/// A content as another document names it. Source: OCI image-spec 1.1, descriptor.md.
struct Descriptor {
  std::string media_type; ///< may be empty
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::vector<std::string> urls = {}; ///< where a foreign layer may be had
  Annotations annotations = {};
  std::optional<std::string> data = {}; ///< the content itself, decoded; not yet verified
  std::optional<Platform> platform = {};
  std::string artifact_type = {}; ///< may be empty

  bool operator==(const Descriptor&) const = default;

  /// Reads a descriptor; `where` is its path in messages, as in "layers[2]". Unknown members are
  /// ignored. Throws Error{protocol} naming the member for a missing or wrong digest, a size that
  /// is no whole number from 0 to 2^63-1, and `data` that is no base64.
  static Descriptor parse(const Json& value, const std::string& where);

  /// The descriptor as a member of an index; members without a value are left out.
  [[nodiscard]] Json to_json() const;
};

/// Whether a repository need not hold a blob: it is a foreign layer, or may be had by a URL.
bool may_be_elsewhere(const Descriptor& blob);

/// Whether what an index names may be a blob, as in BuildKit's caches. It may as well be a manifest
/// of a type that nobody knows.
bool may_be_blob(const Descriptor& child);

/// The annotation `name` of a descriptor; empty if it has none.
std::string annotation(const Descriptor& descriptor, std::string_view name);
/// The annotation `name` in the JSON of a descriptor whose other members may be malformed.
std::string annotation(const Json& descriptor, std::string_view name);

/// Whether the descriptor is that of an attestation, which BuildKit puts beside the images of an
/// index: never an image to run.
bool is_attestation(const Descriptor& manifest);
/// Whether the JSON is the descriptor of an attestation. Its other members may be malformed.
bool is_attestation(const Json& descriptor);

/// The image of its index that an attestation tells of; nothing for a descriptor that names none.
std::optional<Digest> attested_digest(const Descriptor& manifest);

inline constexpr std::string_view k_ref_name_annotation = "org.opencontainers.image.ref.name";
/// The full name of an image, which containerd and Docker write beside ref.name.
inline constexpr std::string_view k_image_name_annotation = "io.containerd.image.name";

} // namespace regctl::oci
