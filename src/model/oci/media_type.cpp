// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <algorithm>
#include <array>

namespace regctl::oci {

namespace {

constexpr std::array<std::string_view, 4> k_layer_beginnings = {
    k_oci_layer,
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
};

/// Whether `media_type` is `beginning`, alone or with the name of a compression behind it.
bool is_packed(std::string_view media_type, std::string_view beginning) noexcept {
  if (!media_type.starts_with(beginning)) {
    return false;
  }
  const auto rest = media_type.substr(beginning.size());
  return rest.empty() ||
         ((rest.front() == '.' || rest.front() == '+') && !rest.ends_with("+encrypted"));
}

} // namespace

std::string bare_media_type(std::string_view text) {
  text = text.substr(0, text.find(';'));
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return lower(text.substr(begin, text.find_last_not_of(" \t") + 1 - begin));
}

bool is_index(std::string_view media_type) noexcept {
  return media_type == k_oci_index || media_type == k_docker_list;
}

bool is_schema1(std::string_view media_type) noexcept {
  return media_type == k_schema1_signed || media_type == k_schema1;
}

bool is_manifest(std::string_view media_type) noexcept {
  return media_type == k_oci_manifest || media_type == k_docker_manifest || is_index(media_type) ||
         is_schema1(media_type) || media_type == k_oci_artifact;
}

bool is_image_config(std::string_view media_type) noexcept {
  return media_type == k_oci_config || media_type == k_docker_config;
}

bool is_foreign_layer(std::string_view media_type) noexcept {
  return media_type.starts_with(k_layer_beginnings[2]) ||
         media_type.starts_with(k_layer_beginnings[3]);
}

bool is_layer(std::string_view media_type) noexcept {
  return std::any_of(k_layer_beginnings.begin(), k_layer_beginnings.end(),
                     [&](auto beginning) { return is_packed(media_type, beginning); });
}

} // namespace regctl::oci
