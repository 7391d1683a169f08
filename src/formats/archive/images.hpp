// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <regctl/formats/docker_archive.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// One v1 image of an archive: its JSON and the place of its layer.
struct ArchivedImage {
  std::string json;
  std::optional<std::string> layer;   ///< name of the entry; nothing: the layer is an empty tar
  std::optional<std::string> diff_id; ///< expected digest of the unpacked layer, if known
  std::optional<std::string> digest;  ///< expected digest of the stored bytes, if known
};

/// The contents of an archive of any layout.
struct ArchiveContents {
  std::vector<DockerArchive::Image> images;
  std::map<std::string, ArchivedImage> v1_images; ///< by ID
  /// Images of the chains that are not in the archive, by ID, with a clause that names the missing
  /// part. An update may leave out images that its destination has.
  std::map<std::string, std::string> missing;
  std::vector<std::string> notes; ///< parts that were skipped, with reasons
};

/// Reads the first layout that is there: manifest.json, `repositories` with the v1 folders, the OCI
/// layout, the v1 folders alone. Throws Error{protocol} naming the entry that is missing or wrong.
ArchiveContents read_contents(const ArchiveIndex& index);

} // namespace regctl
