// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::oci {

/// The most bytes of a manifest: the 4 MiB that registries take, and some more for those that take
/// more. Source: distribution 2.8.2; distribution-spec 1.1, section "Pushing Manifests".
inline constexpr std::uint64_t k_manifest_limit_bytes = 8 * 1024 * 1024;

/// How deep indexes may lie in each other.
inline constexpr std::size_t k_max_index_depth = 8;

/// A manifest of any kind as it is stored: its bytes are never printed anew. Always parsed with
/// Manifest::parse() by its maker, so that it is a manifest.
struct Document {
  std::string media_type;
  Digest digest; ///< of `bytes`; of schema 1 that of the payload without signatures
  std::string bytes;

  [[nodiscard]] Descriptor descriptor() const { return {media_type, digest, bytes.size()}; }
};

/// The contents of a manifest of any kind. A value type.
struct Manifest {
  enum class Kind {
    image,   ///< OCI or Docker schema 2, also artifacts
    index,   ///< OCI index, Docker manifest list
    schema1, ///< Docker schema 1, signed or not: only read
  };

  Kind kind = Kind::image;
  std::string media_type;            ///< as determined by parse(); never empty
  std::optional<Descriptor> config;  ///< of an image
  std::vector<Descriptor> layers;    ///< base first, sizes 0 in schema 1; an artifact's blobs
  std::vector<Descriptor> manifests; ///< of an index, in its order
  std::optional<Descriptor> subject; ///< the manifest that this one refers to
  std::string artifact_type;         ///< may be empty
  Annotations annotations;

  /// The type of artifact in a list of referrers: artifactType, else the config's media type.
  [[nodiscard]] std::string referrer_type() const;

  /// The config and the layers, each digest once, in their order.
  [[nodiscard]] std::vector<Descriptor> blobs() const;

  /// Reads a manifest. `media_type` is what the store said of it, with or without parameters; where
  /// that is no manifest's type, `mediaType` or else the members decide. `what` names the manifest
  /// in errors. Throws Error{protocol} naming the wrong member; also if `media_type` is a
  /// manifest's type and `mediaType` another one, and for a document that could be taken for two
  /// kinds of manifest.
  static Manifest parse(std::string_view bytes, std::string_view media_type,
                        const std::string& what);
};

/// The bytes over which the digest of a manifest is computed: all of them, but of a signed schema 1
/// its payload. Throws Error{protocol} for signatures that do not fit the document.
/// Source: libtrust's JSON signatures, as distribution 2.8.2 writes them.
std::string payload_of(std::string_view bytes, std::string_view media_type,
                       const std::string& what);

/// Makes a Document: parses `bytes`, determines the media type, and computes the digest by the
/// algorithm of `expected`. Throws Error{integrity} if that is another one than `expected`;
/// Error{protocol} as Manifest::parse().
Document make_document(std::string bytes, std::string_view media_type,
                       const std::optional<Digest>& expected, const std::string& what);

} // namespace regctl::oci
