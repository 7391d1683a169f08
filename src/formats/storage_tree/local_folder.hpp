// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/formats/storage_tree.hpp>

#include <string>
#include <string_view>
#include <vector>

struct stat;

namespace regctl {

/// An open folder of a LocalTree. Writes go to the open folder, even if it is renamed or removed
/// meanwhile.
class LocalFolder final : public StorageFolder {
public:
  /// `folder` holds the lease, if there is one. The lease ends when this object and the uploads
  /// that were begun here are destroyed. `tree` must outlive this.
  LocalFolder(const StorageTree& tree, std::string path, FileDescriptor folder)
      : tree_(tree), path_(std::move(path)), folder_(std::move(folder)) {}

  void put(const std::string& name, std::string_view text, Durability durability) override;
  bool claim(const std::string& name, std::string_view word) override;
  bool put_if_unchanged(const std::string& name, std::string_view text,
                        const std::string& version) override;
  [[nodiscard]] std::vector<std::exception_ptr>
  put_groups(const std::vector<const FileGroup*>& groups) override;
  [[nodiscard]] std::unique_ptr<StorageUpload> start_upload(const std::string& name) override;
  bool remove(const std::string& name) override;
  void discard(const std::string& name) override { remove(name); }
  [[nodiscard]] std::vector<std::string> names() const override;
  void remove_unfinished() override;
  void sync() override;

private:
  using Files = std::vector<std::unique_ptr<AtomicFile>>;

  [[nodiscard]] std::string what(const std::string& name) const;
  [[nodiscard]] std::unique_ptr<AtomicFile> begin_file(const std::string& name) const;
  [[nodiscard]] Files begin_files(const FileGroup& group) const;
  void put_mark(const std::string& name, std::string_view text) const;

  const StorageTree& tree_;
  std::string path_;
  FileDescriptor folder_;
};

/// The version of a regular file: changes when the file is replaced or written.
std::string version_of(const struct stat& status);

} // namespace regctl
