// SPDX-License-Identifier: Apache-2.0
#pragma once

// formats/: the formats of images on disk, one file pair each. Each implements the store interfaces
// of model/ and knows nothing of HTTP.

#include <regctl/base/file.hpp>
#include <regctl/formats/oci_images.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/repository.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// The name of an image as Docker's engine and its archives write it: "host:5000/team/app:1.0", but
/// "team/app:1.0" for docker.io.
std::string archive_name(const Reference& image);

/// A `docker save` archive, for reading. Known layouts: v1 folders with `repositories` (engines 1.3
/// to 1.9), manifest.json with configs (1.10 to 28), and the OCI layout in archives of engine 25
/// and later. The file is a plain tar, or one compressed as a whole with gzip, zstd, bzip2 or xz.
/// Opening reads only headers and small JSON files; layers are read from their place in the file.
/// Thread-safe.
///
/// The JSON of a v1 folder decides which image it is, not the folder's name: engines 0.9 to 1.1
/// named the top folder as the user had typed the image.
///
/// Entries may come in any order, with or without a leading "./". Layers may be symbolic or hard
/// links to other entries; a link whose target lies elsewhere is resolved by the target's file
/// name. Error{protocol}: absolute names, "..", links that lead out of the archive, duplicates of
/// an entry that is needed, names longer than 4 KiB, JSON over the document limit, and a truncated
/// archive ("…ends…").
class DockerArchive {
public:
  /// One image with the names it has in the archive.
  struct Image {
    std::vector<std::string> names; ///< as the engine shows them, sorted; may be empty
    std::vector<std::string> tags;  ///< bare tags in OCI annotations, sorted; often empty
    std::string id; ///< of the v1 image; derived for manifest.json (model/v1/derive)
    /// Whether it is made of v1 folders; else its ID is derived from a config.
    bool is_v1_chain = false;
  };

  /// Opens `path`; "-" is stdin. A plain tar in a regular file is read in place. A pipe or a
  /// compressed archive is first unpacked into a temporary file without a name, because engines
  /// write the names of the images after their layers.
  static std::shared_ptr<DockerArchive> open(const std::string& path);

  /// Reads an archive from a stream, such as the engine's export; `what` names it in errors.
  static std::shared_ptr<DockerArchive> read(std::unique_ptr<Source> source, std::string what);

  virtual ~DockerArchive() = default;

  /// All images that the archive's layout lists, in its order. For v1 folders without
  /// `repositories` (`docker save ID`), the images that have no child.
  [[nodiscard]] virtual const std::vector<Image>& images() const = 0;

  /// Parts of the archive that were skipped, with reasons: whole sentences without a full stop.
  [[nodiscard]] virtual const std::vector<std::string>& notes() const = 0;

  /// All images as a read-only V1Repository, which keeps the archive open. Its tags are the names
  /// ("host/name:tag"); ":TAG" for an image with a bare tag; the ID for an image without a name.
  ///
  /// An archive may lack images of a chain: an update leaves out images that its destination has.
  /// For such an image look_up() answers "absent", and find_image() throws Error{protocol} naming
  /// it.
  ///
  /// Images of a manifest.json are derived (model/v1/derive), unless the config was made from v1
  /// folders in the archive (convert_config), as in archives written by regctl: then the folders
  /// are the images.
  virtual std::unique_ptr<V1Repository> repository() = 0;
};

/// A file with images, opened once and read by either model. Thread-safe.
class ImageArchive {
public:
  /// Opens a file as DockerArchive::open() does.
  static std::shared_ptr<ImageArchive> open(const std::string& path);
  static std::shared_ptr<ImageArchive> read(std::unique_ptr<Source> source, std::string what);

  virtual ~ImageArchive() = default;

  /// Whether the image of that name, or each image if none is given, is a chain of v1 folders and
  /// has nothing else that is its own: its config, if it has one, was made of them. False also if
  /// there is no such image.
  virtual bool is_v1_chain(const std::optional<std::string>& name) = 0;

  /// All images as v1 images. Throws what DockerArchive::open() throws of the contents.
  virtual std::shared_ptr<DockerArchive> v1() = 0;

  /// The images that manifest.json lists as manifests, or else those of the OCI layout. Read-only;
  /// keeps the archive open.
  ///
  /// Tags are names as the engine shows them. An image that the archive's OCI layout has too, and
  /// has whole, is the manifest or index there, so that digests are kept. Of another image a
  /// manifest is made: the config byte by byte, and the layers as they are stored, plain, gzip or
  /// zstd (those of bzip2 and xz are unpacked); equal archives give equal manifests. A plain layer
  /// has the digest that the config gives; of a compressed one that is not named by its digest it
  /// is computed, by reading the layer. Throws Error{protocol} if a config or a layer is missing.
  ///
  /// v1 folders without manifest.json give no images.
  virtual std::unique_ptr<OciImages> oci() = 0;
};

/// Begins an archive with both layouts (v1 folders with `repositories`; manifest.json with
/// configs), so that all engines from 1.3 on can load it. The bytes depend only on the images. The
/// plan's tags are full names ("host/name:tag").
///
/// The destination is a file, written through AtomicFile, with layers in parallel if the plan knows
/// all their sizes; or stdout ("-"), with one layer after the other in the plan's order. Layers are
/// kept byte for byte, except that a layer of 0 bytes becomes an empty tar, because engines refuse
/// an empty file.
std::unique_ptr<V1Push> start_docker_archive(const std::string& path, const V1PushPlan& plan);

/// Writes into an open file that can be written at any position, such as a temporary file for the
/// engine.
std::unique_ptr<V1Push> start_docker_archive(FileDescriptor& file, const std::string& what,
                                             const V1PushPlan& plan);

/// Begins an archive of images that are manifests, for Docker from 1.10 on, podman, skopeo and
/// containerd: manifest.json with configs and layers in `blobs/`, and beside it an OCI layout,
/// which keeps the digests of the manifests. "-" is stdout. A file gets its name only with
/// finish().
///
/// Tags are full names ("host/name:tag"; ":latest" is implied). Layers are kept byte for byte, but
/// for zstd: engines before 23 cannot read it, so that such a layer becomes gzip, and the archive
/// has no OCI layout. What was put can be read again unless it went to stdout or was repacked:
/// Error{unsupported}. put_manifest() throws Error{usage} for an index: the caller chooses a
/// platform; Error{unsupported} for artifacts, for schema 1, and if a layer was not put (a foreign
/// layer).
std::unique_ptr<OciImages> start_docker_archive(const std::string& path);

/// Writes into an open file as above. `file` must outlive the result.
std::unique_ptr<OciImages> start_docker_archive(FileDescriptor& file, const std::string& what);

} // namespace regctl
