// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/v1_storage/image_memory.hpp"
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

inline constexpr std::size_t k_most_distrusted = 10'000;

/// A tree with its locks: the state that the source files of V1Storage share.
class V1Storage::OpenTree {
public:
  explicit OpenTree(std::unique_ptr<StorageTree> opened);

  std::unique_ptr<StorageTree> tree;
  GroupedWriter tags;                       ///< writes tags under the leases of their repositories
  ImageMemory memory;                       ///< off if looking costs little
  std::shared_ptr<const V1Storage> trusted; ///< V1Storage::trust()
  LimitedSet distrusted{k_most_distrusted}; ///< images that were not as they were there
  std::mutex mutex;                       ///< guards `writing`, `swept`, `trusted` and `distrusted`
  std::unique_ptr<StorageFolder> writing; ///< the lease of images/, taken by the first write
  std::mutex long_lists;  ///< held while a long list is parsed: that takes much memory
  LimitedSet swept{1000}; ///< repository folders already cleared of files of killed writers

  /// The listing that tells about an image; null if there is none.
  std::shared_ptr<const V1Storage> trusted_about(const std::string& id);

  /// Leases the folder of a repository before a write; creates it if needed. The first time also
  /// removes files that killed writers left half written, which is safe because all writers hold
  /// the lease. That happens once per repository (among the last thousand), because it lists the
  /// whole folder.
  std::unique_ptr<StorageFolder> lease_repository(const std::string& folder);

  /// Replaces a repository's list of images with the result of `change` (nothing: leaves it), in
  /// its leased folder. If a writer without a lease, such as docker-registry, changes the list
  /// meanwhile, `change` is called again, so that no entry is lost.
  void change_list(
      StorageFolder& folder, const std::string& path,
      const std::function<std::optional<std::string>(const std::optional<std::string>&)>& change);
};

/// First line of an upload mark whose image is being removed. docker-registry looks only at the
/// mark's existence.
inline constexpr std::string_view k_removal_mark = "removed";

/// What the files of an image say of its state.
V1ImageState state_of(const FolderView& image);

/// "images/ID".
std::string image_folder(const std::string& id);
/// "images/ID/PART".
std::string image_file(const std::string& id, std::string_view part);

} // namespace regctl
