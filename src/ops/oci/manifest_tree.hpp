// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/oci/repository.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace regctl::ops {

struct ManifestNode {
  oci::Document document;
  oci::Manifest manifest;
};

/// The manifests of an image: one, or an index with all that it names, children before parents and
/// each once. The last one is the root.
struct ManifestTree {
  std::vector<ManifestNode> manifests;
  /// What an index names besides manifests: blobs, which are carried along.
  std::vector<oci::Descriptor> other_blobs = {};

  [[nodiscard]] const ManifestNode& root() const { return manifests.back(); }
};

/// A manifest with its contents.
ManifestNode to_node(oci::Document document, const std::string& where);

/// The manifest of a name. Throws Error{not_found} if it is not there.
ManifestNode read_manifest_node(OciRepository& repository, const oci::ManifestName& name);

/// The tree below `root`, which must come from `repository`. Throws Error{not_found} naming the
/// child if an index names a manifest that the repository does not have; Error{protocol} for
/// indexes that lie too deep in each other or name too many manifests.
ManifestTree read_manifest_tree(OciRepository& repository, ManifestNode root);

/// `root` for these platforms: an index gives its best child for one platform, and an index of the
/// children, with their attestations, for several; nested indexes are searched. A manifest that is
/// no index must be for one of the platforms. Throws Error{not_found} naming the platforms that
/// there are.
ManifestNode narrow(OciRepository& repository, ManifestNode root,
                    const std::vector<oci::Platform>& platforms);

/// An index of the children of `index` for these platforms, with their attestations; also of one.
/// Throws as narrow().
ManifestNode narrow_index(OciRepository& repository, const ManifestNode& index,
                          const std::vector<oci::Platform>& platforms);

/// The images of an index, nested ones too, with their platforms: of the descriptor, else of the
/// config. Attestations are left out. Of a manifest that is no index: itself.
struct PlatformImage {
  oci::Descriptor descriptor;
  std::optional<oci::Platform> platform;
};
std::vector<PlatformImage> list_platforms(OciRepository& repository, const ManifestNode& root);

/// The platform of an image by its config; nothing for artifacts.
std::optional<oci::Platform> platform_of(OciRepository& repository, const oci::Manifest& image);

/// The config's bytes, verified. Throws Error{not_found}, Error{protocol} for more than the
/// document limit.
std::string read_config(OciRepository& repository, const oci::Manifest& image);
std::string read_config(OciRepository& repository, const oci::Descriptor& config);

/// Throws Error{unsupported} "WHAT …" for an artifact, and for layers that cannot be unpacked.
void check_has_files(const oci::Manifest& image, const std::string& what);

/// How deep referrers of referrers are followed, and the note about what is left out below.
inline constexpr std::size_t k_max_referrer_depth = 4;
std::string words_for_deep_referrers(const oci::Digest& subject);

/// The most manifests that one index may name, directly or not.
inline constexpr std::size_t k_max_manifests = 10'000;

} // namespace regctl::ops
