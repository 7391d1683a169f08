// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <string>
#include <vector>

namespace regctl {

/// An image as manifest.json lists it; config and layers are names of entries, base first.
struct ListedImage {
  std::string config;
  std::vector<std::string> layers;
  std::vector<std::string> names; ///< RepoTags, as written; empty for an image saved by its ID
};

/// Reads manifest.json. Throws Error{protocol} naming the wrong member.
std::vector<ListedImage> read_manifest_json(const ArchiveIndex& index);

/// The name of an image in an archive in the form of Docker's engine ("app:1" for
/// "docker.io/library/app:1"). Throws Error{protocol} for what is no name of an image.
std::string archive_name_of(const ArchiveIndex& index, const std::string& name);

} // namespace regctl
