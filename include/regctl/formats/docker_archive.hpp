// SPDX-License-Identifier: Apache-2.0
#pragma once

// formats/: how images lie on disk. One file pair for each format; each implements the store
// interfaces of model/ and knows nothing of HTTP.

#include <regctl/base/file.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/repository.hpp>

#include <memory>
#include <string>
#include <vector>

namespace regctl {

/// How Docker's engine and its archives write a name: "host:5000/team/app:1.0", but "team/app:1.0"
/// at docker.io.
std::string archive_name(const Reference& image);

/// A `docker save` archive, read: v1 folders with `repositories` (engines 1.3 to 1.9),
/// manifest.json and configs (1.10 to 28), the OCI layout inside archives of 25 and later; plain,
/// or gzip, zstd, bzip2, xz around the whole. Only headers and small JSON files are read at
/// opening; layers are read where they lie. Thread-safe. A v1 folder is the image that its JSON
/// says, whatever its name (engines 0.9 to 1.1 named the top one as the user had typed it).
///
/// Entries may come in any order, with "./" in front; layers may be symbolic or hard links to
/// others, by name where the target lies elsewhere. Absolute names, "..", links that lead out,
/// duplicate entries that matter, names of more than 4 KiB and JSON over the document limit are
/// Error{protocol}; a cut archive is Error{protocol} "…ends…".
class DockerArchive {
public:
  /// One image with the names it has in the archive.
  struct Image {
    std::vector<std::string> names; ///< as the engine shows them, sorted; may be empty
    std::vector<std::string> tags;  ///< that stand alone in OCI annotations, sorted; mostly empty
    std::string id;                 ///< of the v1 image, derived for manifest.json (v1_derive)
  };

  /// Opens `path`; "-" is stdin. A pipe or a compressed archive is unpacked once into a temporary
  /// file without a name, because engines write the names after the layers; a plain file is read in
  /// place.
  static std::shared_ptr<DockerArchive> open(const std::string& path);

  /// The same for bytes that come from elsewhere (the engine's export); `what` names them in
  /// errors.
  static std::shared_ptr<DockerArchive> read(std::unique_ptr<Source> source, std::string what);

  virtual ~DockerArchive() = default;

  /// Every image with a name, and for archives of one unnamed image that one; in the archive's
  /// order.
  [[nodiscard]] virtual const std::vector<Image>& images() const = 0;

  /// What was passed over, and why, in whole sentences without a full stop.
  [[nodiscard]] virtual const std::vector<std::string>& notes() const = 0;

  /// All images as a V1Repository whose tags are the names ("host/name:tag"); an unnamed image
  /// has its ID as tag, and one that has a tag alone ":TAG". What an image needs and the archive
  /// does not hold, as in an update for what its destination has, is absent to look_up(), and
  /// find_image() throws Error{protocol} naming it. Images of a manifest.json are derived
  /// (v1_derive) unless the archive's own v1 folders are what its config was made from
  /// (make_image_config), as in archives we wrote. The repository keeps the archive open and cannot
  /// be written.
  virtual std::unique_ptr<V1Repository> repository() = 0;
};

/// Begins an archive with both layouts (v1 folders and `repositories`; manifest.json and config),
/// so that engines from 1.3 to today load it; the bytes depend on the images alone. To a file
/// (AtomicFile, layers written in parallel where all sizes of the plan are known) or to stdout
/// ("-", one layer after the other, in the plan's order). The plan's tags are full names
/// ("host/name:tag"). A layer is kept byte for byte, except that a 0-byte layer becomes an empty
/// tar, which engines need.
std::unique_ptr<V1Push> start_docker_archive(const std::string& path, const V1PushPlan& plan);

/// The same into an open file that can be written at any position (a temporary file for the
/// engine).
std::unique_ptr<V1Push> start_docker_archive(FileDescriptor& file, const std::string& what,
                                             const V1PushPlan& plan);

} // namespace regctl
