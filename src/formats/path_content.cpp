// SPDX-License-Identifier: Apache-2.0
#include <regctl/formats/path_content.hpp>
#include <regctl/formats/v2_paths.hpp>

#include <filesystem>

namespace regctl {

namespace fs = std::filesystem;

PathContent look_at_path(const std::string& path) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  if (!fs::exists(status)) {
    return PathContent::nothing;
  }
  if (!fs::is_directory(status)) {
    return PathContent::file;
  }
  const fs::path folder = path;
  if (fs::is_directory(folder / "images", ignored) ||
      fs::is_directory(folder / "repositories", ignored)) {
    return PathContent::storage_tree;
  }
  if (fs::is_directory(folder / v2_paths::k_root, ignored)) {
    return PathContent::v2_tree;
  }
  return fs::is_regular_file(folder / "oci-layout", ignored) ? PathContent::oci_layout
                                                             : PathContent::other_folder;
}

} // namespace regctl
