// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/platform.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops {

enum class TagChoice {
  one, ///< the tag that the source names, else "latest"; the only image of an archive
  all, ///< all tags of the repository, or all images of the archive
};

/// How layers that are plain tar files are sent to a registry.
enum class PlainLayers {
  gzip, ///< compressed on the way, as engines do
  keep, ///< byte for byte
};

/// The form of a converted image.
enum class OciForm {
  oci,
  docker, ///< schema 2, for registries and engines that know no other
};

struct CopyOptions {
  /// All tags are taken if the source is a v1 storage tree, the destination is a tree, and neither
  /// names a repository.
  TagChoice tags = TagChoice::one;
  LayerCheck check = LayerCheck::verify; ///< `none` rescues damaged layers as they are
  PlainLayers plain_layers = PlainLayers::gzip;
  bool require_checksum = false; ///< refuse images for which the source records no checksum
  /// A registry where the images keep their names. The destination is then a registry without a
  /// reference.
  std::optional<RegistryHost> host;
  std::string name_space; ///< the namespace for them at `host`: "team"

  // --- of OCI images ---

  /// Of an index, the images for these platforms: one, without the index, or an index of several.
  /// Empty: all of it, or where only one image fits (a docker archive, v1), linux/amd64's.
  std::vector<oci::Platform> platforms = {};
  OciForm form = OciForm::oci; ///< of v1 images that become OCI ones
  bool referrers = false;      ///< signatures, SBOMs and all else that refers to the image go along
  /// A place of v1 images, whence OCI images that were made from such and become v1 images again
  /// get back what they were.
  std::optional<Place> originals = {};
  bool rescue = false; ///< of a v1 image that cannot be converted, its sound part gets TAG-rescued
};

struct CopiedTag {
  std::string source;      ///< "docker://host:5000/team/app:1.0"
  std::string destination; ///< "docker-archive:app.tar:host:5000/team/app:1.0"
  std::string id;          ///< of a v1 image; of an OCI image its digest
  bool is_verified = true; ///< every layer of the chain was checked against a recorded checksum
};

struct CopyReport {
  std::vector<CopiedTag> tags;
  std::uint64_t images_copied = 0;
  std::uint64_t images_skipped = 0;        ///< already at the destination
  std::uint64_t bytes_copied = 0;          ///< of layers, as read from the source
  std::uint64_t images_unverified = 0;     ///< of the copied images: no checksum was checked
  std::set<std::string> unverified_chains; ///< IDs of tags with such an image in their chain
  std::uint64_t blobs_copied = 0;          ///< of OCI images
  std::uint64_t blobs_skipped = 0;         ///< already at the destination
};

/// Copies one tag or all tags, with their chains, between any two places that hold v1 images:
/// registry, docker archive, engine, storage tree. Layers are copied in parallel, up to the
/// session's jobs; images already at the destination are skipped.
///
/// A tag moves only when its whole chain is at the destination. After a failure every changed tag
/// is complete, and the next run skips the images that have arrived. An archive appears under its
/// name only when it is complete.
///
/// A layer that fails verification is fetched a second time, unless the destination cannot take
/// bytes back (an archive on standard output); then throws Error{integrity} naming image and store.
/// Layers without a checksum are counted and mentioned in a note; with `require_checksum` such an
/// image is Error{integrity} before any data is copied. Throws Error{not_found} for a missing tag
/// or a missing image of its chain. An archive may lack the base images of a chain, or their
/// layers, if a registry or storage tree as the destination has them.
///
/// A destination without a name takes the source's name; one without a tag, the source's tag. An
/// archive keeps the name under which the image is pulled, with its host, as `docker save` does.
/// Copying a place onto itself is Error{usage}.
///
/// OCI images keep their bytes and digests, whatever the places. Blobs that the destination has
/// are not sent, those of another repository of its registry are mounted there. A tag that has the
/// image already is left alone.
///
/// A v1 image on its way to a place of OCI images is converted: equal chains become equal digests,
/// wherever they come from. An OCI image on its way to a place of v1 images becomes a chain with
/// IDs that depend on its content alone (derive_v1_chain()); of an index one platform is taken.
/// Archives and the engine hold images of either model.
CopyReport copy(Session& session, const Place& from, const Place& to, const CopyOptions& options);

} // namespace regctl::ops
