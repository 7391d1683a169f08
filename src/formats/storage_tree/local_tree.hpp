// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct dirent;

namespace regctl {

/// A storage tree in a local folder. Paths are resolved beneath it (openat2): a link that leads out
/// is an error, wherever it lies. A lease is flock(2) on a folder. It keeps out all processes that
/// ask for one, and ends with its process, even if that is killed. Files are written without a name
/// or under a temporary one, fsynced and renamed.
class LocalTree final : public StorageTree {
public:
  /// Opens `folder`. Throws Error{not_found} or Error{local_io}. Functions that open a path throw
  /// Error{unsupported} if the kernel has no openat2 (before Linux 5.6).
  explicit LocalTree(std::string folder);

  [[nodiscard]] const std::string& location() const noexcept override { return folder_; }
  [[nodiscard]] std::string what(std::string_view path) const override;

  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& path) const override;
  [[nodiscard]] std::unique_ptr<StoredFile> open_known(const std::string& path, std::uint64_t,
                                                       std::string) const override {
    return find_file(path);
  }
  [[nodiscard]] std::optional<std::string> read(const std::string& path,
                                                std::uint64_t limit_bytes) const override;
  [[nodiscard]] bool has_leases_among_processes() const noexcept override { return true; }
  [[nodiscard]] bool has_file(const std::string& path) const override;
  [[nodiscard]] bool has_folder(const std::string& path) const override;
  [[nodiscard]] std::unique_ptr<FolderView> view(const std::string& path) const override;
  bool read_files(const std::string& path,
                  const std::function<bool(const std::string& name)>& is_wanted,
                  std::uint64_t limit_bytes, const OnContent& on_content) const override;
  bool list(const std::string& path, const OnName& on_name) const override;
  bool list_entries(const std::string& path,
                    const std::function<void(const FolderEntry&)>& on_entry) const override;
  [[nodiscard]] std::string folder_version(const std::string& path) const override;
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& path) const override;
  /// Links to folders are not followed.
  void
  for_each_unfinished(const std::string& path, int levels,
                      const std::function<void(const UnfinishedFile&)>& on_file) const override;
  [[nodiscard]] std::unique_ptr<StorageTree>
  snapshot(const std::vector<std::string>&) const override {
    return nullptr;
  }
  void expect_content(std::string_view) const override {}
  [[nodiscard]] std::chrono::system_clock::time_point now() const override {
    return std::chrono::system_clock::now();
  }
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const override;

  [[nodiscard]] std::unique_ptr<StorageFolder> make_folder(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<StorageFolder> find_folder(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<StorageFolder>
  lease(const std::string& path, Sharing sharing,
        std::optional<std::chrono::milliseconds> patience) override;
  [[nodiscard]] std::unique_ptr<LooseUpload>
  start_loose_upload(const std::string& aside, const std::string& likely_path) override;
  /// By a hard link, where both trees are on one file system and whoever serves this one can read
  /// the file: everybody, or the owner or group of this tree's folder.
  [[nodiscard]] Adoption can_adopt(const StoredFile& file) const override;
  [[nodiscard]] std::string adopt(const StoredFile& file, const std::string& path,
                                  const std::string& aside) override;
  bool put_folder(const std::string& path, const FileGroup& files,
                  const std::string& aside) override;
  bool remove_all(const std::string& path, const std::string& aside,
                  const std::string& last) override;
  void remove_folder(const std::string& path) override;
  void remove_folder_with(const std::string& path, const std::string& last) override;
  void remove_unfinished(const UnfinishedFile& file) override;

  /// make_folder() for callers that write files themselves.
  [[nodiscard]] FileDescriptor open_or_make_folder(const std::string& path) const;

private:
  friend class LocalLooseUpload; ///< what start_loose_upload() returns
  struct OpenFile {
    FileDescriptor fd;
    struct stat status = {};
  };

  [[nodiscard]] FileDescriptor open_beneath(const std::string& path, int flags) const;
  [[nodiscard]] FileDescriptor open_folder(const std::string& path) const;
  [[nodiscard]] std::optional<OpenFile> open_file(const std::string& path) const;
  static void remove_below(const FileDescriptor& above, const std::string& name,
                           const std::string& what);
  void sweep_removed(const FileDescriptor& above, const std::string& path,
                     const std::string& last) const;

  std::string folder_;
  FileDescriptor root_;
};

/// Throws Error{protocol} if a file has the path that a tree's folder should have.
void refuse_file(const std::string& folder);

/// Opens the tree in a folder, which is made with `create`, and those above it, if it is missing.
/// Throws what refuse_file() and LocalTree do.
std::unique_ptr<StorageTree> open_local_tree(const std::string& folder, MissingTree missing);

/// Whether any folder may have such a file, so that it says nothing about the folder's use: hidden
/// files, and lost+found of a file system.
bool is_chaff(std::string_view name) noexcept;

/// Calls `on_entry` for each entry of an open folder from its read position on, in no order,
/// without "." and "..". `what` names the folder in errors.
void for_each_entry(const FileDescriptor& folder, const std::string& what,
                    const std::function<void(const dirent&)>& on_entry);

} // namespace regctl
