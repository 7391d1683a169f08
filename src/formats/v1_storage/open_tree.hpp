// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/v1_storage/tags.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/formats/storage_tree.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// A tree, and how far it is taken for writing: what the files that make up V1Storage share.
class V1Storage::OpenTree {
public:
  explicit OpenTree(std::unique_ptr<StorageTree> opened);

  std::unique_ptr<StorageTree> tree;
  GroupedWriter tags;                     ///< their files, under the leases of their repositories
  std::mutex mutex;                       ///< guards `writing` and `swept`
  std::unique_ptr<StorageFolder> writing; ///< the lease of images/ once something was written
  std::mutex long_lists;  ///< held while one is taken apart, which takes many times its size
  LimitedSet swept{1000}; ///< folders of repositories without files left by killed writers

  /// Leases the folder of a repository, before anything is written in it; makes it. What a killed
  /// writer left half written goes then: whoever writes there holds the lease, so that it is
  /// nobody's. Once for each repository (of the last thousand), since it takes a look at every tag.
  std::unique_ptr<StorageFolder> lease_repository(const std::string& folder);

  /// Writes what `change` makes of a repository's list of images (nothing: leaves it), in its
  /// leased folder. Whoever writes the list without a lease, as the original does, loses nothing:
  /// then `change` is called again.
  void change_list(
      StorageFolder& folder, const std::string& path,
      const std::function<std::optional<std::string>(const std::optional<std::string>&)>& change);
};

/// What the mark of an unfinished upload holds where the image is being removed. The original looks
/// only whether there is one.
inline constexpr std::string_view k_removal_mark = "removed";

/// "images/ID".
std::string image_folder(const std::string& id);
/// "images/ID/PART".
std::string image_file(const std::string& id, std::string_view part);

} // namespace regctl
