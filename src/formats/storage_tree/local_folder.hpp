// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/formats/storage_tree.hpp>

#include <string>
#include <vector>

struct stat;

namespace regctl {

/// A folder of a LocalTree, open: what becomes of its name does not matter to what is written.
class LocalFolder final : public StorageFolder {
public:
  /// `folder` holds the lease, if there is one: it ends when this and the uploads that were begun
  /// here are gone. `tree` must outlive this.
  LocalFolder(const StorageTree& tree, std::string path, FileDescriptor folder)
      : tree_(tree), path_(std::move(path)), folder_(std::move(folder)) {}

  void put(const std::string& name, std::string_view text, Durability durability) override;
  bool put_if_unchanged(const std::string& name, std::string_view text,
                        const std::string& version) override;
  [[nodiscard]] std::vector<std::exception_ptr>
  put_groups(const std::vector<const FileGroup*>& groups) override;
  [[nodiscard]] std::unique_ptr<StorageUpload> start_upload(const std::string& name) override;
  bool remove(const std::string& name) override;
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

/// Of a regular file: another one once it was replaced or written.
std::string version_of(const struct stat& status);

} // namespace regctl
