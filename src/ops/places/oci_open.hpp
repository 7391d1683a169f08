// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/tag_listing.hpp"

#include <regctl/formats/oci_images.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// A place of OCI images that was opened.
struct OciPlace {
  Place place;
  std::unique_ptr<OciRepository> repository;
  OciImages* images = nullptr; ///< `repository` of a layout or an archive; else null
};

enum class Use {
  read,
  write, ///< a place that does not exist yet is created
};

/// Opens the repository that a place names: at a registry of protocol v2, in distribution's storage
/// tree; a layout or an archive as a whole. Throws Error{usage} for a tree without a name,
/// Error{unsupported} for places of the other model.
OciPlace open_oci(Session& session, const Place& place, Use use);

/// Opens for writing a place that takes manifests and blobs one by one: a registry, a tree, a
/// layout. Throws Error{unsupported} for others, which are written whole: they would lose what they
/// hold.
OciPlace open_oci_store(Session& session, const Place& place);

/// An image chosen from a place.
struct OciSelected {
  oci::ManifestName name; ///< in the repository
  std::string tag;        ///< its tag, or its name in a layout or an archive; empty without a name
};

/// The image that the place names: its digest, its tag, "latest" where a registry or a tree names
/// none, the only image of a layout or an archive, referrers aside. Makes no request. Throws
/// Error{usage} for several images and no choice, listing them by name and digest;
/// Error{not_found} for a name that a layout or an archive does not have.
OciSelected select_oci_image(const OciPlace& from);

/// Every tag of the repository, sorted, or every image of the layout or archive. Without referrers
/// and their tags. Throws Error{not_found} if there is none.
std::vector<OciSelected> select_all_oci_images(const OciPlace& from);

/// What a layout or an archive holds, but for referrers, which are listed without a name beside the
/// images that they follow. Where there is nothing else, those.
std::vector<oci::NamedManifest> own_entries(OciImages& images);

/// The name that a selected image has at its registry or in its tree, with its tag, or that its
/// layout or archive tells; nothing without one.
std::optional<Reference> name_of(const OciPlace& from, const OciSelected& image);
/// Throws Error{usage} for an image that has none.
[[noreturn]] void throw_nameless(const OciPlace& from);
/// The tag that an image brings along to a place that names none.
std::string own_tag(const OciSelected& image, const std::optional<Reference>& name);

/// All tags of a repository, sorted, each once; without those of referrers unless `all` is set.
std::vector<std::string> list_oci_tags(OciRepository& repository, bool all = false);

/// The tags of a repository, those of referrers apart.
struct OciTags {
  std::vector<std::string> names; ///< sorted, each once
  AttachedTags attached;          ///< cosign's; the identity is a digest
  ListedSubjects subjects;        ///< of the tags `sha256-HEX`
};
OciTags list_named_and_attached(OciRepository& repository);

/// Throws Error{not_found} for a manifest that the user named, with the nearest tag as a hint.
[[noreturn]] void throw_no_oci_image(OciRepository& repository, const oci::ManifestName& name);

} // namespace regctl::ops
