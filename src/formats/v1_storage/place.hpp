// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace regctl {

/// A folder that is not a storage tree: what it is, and where a tree seems to be.
struct Misplaced {
  std::string what;                          ///< "is the folder images of a storage tree"
  std::optional<std::filesystem::path> tree; ///< found above or below it
};

/// Checks that `folder` can be a storage tree; nothing if so. It can if it is absent or empty, if
/// it holds images or repositories, or if it has just those two folders, and if it is no part of
/// another tree. Reads only the first names of each folder.
std::optional<Misplaced> find_misplaced(const std::filesystem::path& folder);

} // namespace regctl
