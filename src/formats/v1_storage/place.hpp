// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace regctl {

/// What a folder is instead of a storage tree, and where one seems to be.
struct Misplaced {
  std::string what;                          ///< "is the folder images of a storage tree"
  std::optional<std::filesystem::path> tree; ///< found above or below it
};

/// Looks whether `folder`, which may be absent, is one for a storage tree: it holds images or
/// repositories, or is empty, or has just those two folders, and is no part of another tree.
/// Nothing if so. Reads a few names of each folder, however many there are.
std::optional<Misplaced> find_misplaced(const std::filesystem::path& folder);

} // namespace regctl
