// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl::oci {

// The media types of manifests. Sources: OCI image-spec 1.1, media-types.md; Docker's image
// manifest v2 schema 1 and 2.

inline constexpr std::string_view k_oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view k_oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view k_docker_manifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view k_docker_list =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view k_schema1_signed =
    "application/vnd.docker.distribution.manifest.v1+prettyjws";
inline constexpr std::string_view k_schema1 =
    "application/vnd.docker.distribution.manifest.v1+json";
/// Withdrawn before OCI 1.1; referrers of that time have it.
inline constexpr std::string_view k_oci_artifact = "application/vnd.oci.artifact.manifest.v1+json";

inline constexpr std::string_view k_oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view k_docker_config =
    "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view k_oci_layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view k_oci_layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view k_oci_layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view k_docker_layer =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// The config of an artifact that needs none: the two bytes "{}".
inline constexpr std::string_view k_empty = "application/vnd.oci.empty.v1+json";

/// The type without parameters and spaces, in lower case: "application/json; charset=utf-8" gives
/// "application/json".
std::string bare_media_type(std::string_view text);

/// Whether the type is that of an index or of a manifest list.
bool is_index(std::string_view media_type) noexcept;
bool is_schema1(std::string_view media_type) noexcept;
/// Whether the type is that of a manifest of any kind above, an index included.
bool is_manifest(std::string_view media_type) noexcept;
/// Whether the type is that of an image's config, OCI's or Docker's.
bool is_image_config(std::string_view media_type) noexcept;
/// Whether the type is that of a layer that registries need not hold (Docker's "foreign" and OCI's
/// "nondistributable" layers).
bool is_foreign_layer(std::string_view media_type) noexcept;
/// Whether the type is that of a layer with a file system's changes, compressed or not, but not
/// encrypted (containerd's "…+gzip+encrypted").
bool is_layer(std::string_view media_type) noexcept;

} // namespace regctl::oci
