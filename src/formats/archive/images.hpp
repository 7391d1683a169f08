// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <regctl/formats/docker_archive.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// One v1 image of an archive: its JSON and where its layer lies.
struct ArchivedImage {
  std::string json;
  std::optional<std::string> layer;   ///< name of the entry; nothing: an empty tar, made up
  std::optional<std::string> diff_id; ///< what the unpacked layer must hash to, where that is known
  std::optional<std::string> digest;  ///< what the stored bytes must hash to, where that is known
};

/// What an archive holds, whichever layout told it.
struct ArchiveContents {
  std::vector<DockerArchive::Image> images;
  std::map<std::string, ArchivedImage> v1_images; ///< by ID
  /// By ID: images of the chains that are not there, and what is missing. An update may leave out
  /// what its destination has.
  std::map<std::string, std::string> missing;
  std::vector<std::string> notes; ///< what was passed over, and why
};

/// Reads manifest.json if there is one, else `repositories` and the v1 folders, else the OCI
/// layout, else the v1 folders alone. Throws Error{protocol} naming the entry that is missing or
/// wrong.
ArchiveContents read_contents(const ArchiveIndex& index);

} // namespace regctl
