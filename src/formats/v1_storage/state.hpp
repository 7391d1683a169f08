// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/v1_storage/tags.hpp"
#include "formats/v1_tree.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace regctl {

/// What the files that make up V1Storage share.
class V1Storage::State {
public:
  explicit State(std::unique_ptr<Tree> opened);

  std::unique_ptr<Tree> tree;
  GroupedWriter tags;     ///< their files, under the locks of their repositories
  std::mutex mutex;       ///< guards `writing` and `swept`
  FileDescriptor writing; ///< holds the shared lock on images/ once something was written
  std::mutex long_lists;  ///< held while one is taken apart, which takes many times its size
  LimitedSet swept{1000}; ///< folders of repositories without files left by killed writers

  /// lock_folder() of a repository, before anything is written in it. What a killed writer left
  /// half written goes then: whoever writes there holds the lock, so that it is nobody's. Once for
  /// each repository (of the last thousand), since it takes a look at every tag.
  FileDescriptor lock_repository(const std::string& folder);
};

/// What the mark of an unfinished upload holds where the image is being removed. The original looks
/// only whether there is one.
inline constexpr std::string_view k_removal_mark = "removed";

/// "images/ID/PART".
std::string image_file(const std::string& id, std::string_view part);

/// Opens a folder, making it if need be, and keeps every other writer who locks it, in this process
/// or another, waiting until the result is gone.
FileDescriptor lock_folder(const Tree& tree, const std::string& folder);

/// Whether a folder that was opened is still in the tree: one that was removed while its lock was
/// waited for is nobody's.
bool is_still_there(const FileDescriptor& folder);

/// Replaces a file of the tree; makes its folder.
void replace_file(const Tree& tree, const std::string& folder, const std::string& name,
                  std::string_view text,
                  AtomicFile::Durable durable = AtomicFile::Durable::bytes_and_name);

} // namespace regctl
