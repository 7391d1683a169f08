// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/known_contents.hpp"

#include <regctl/formats/storage_tree.hpp>
#include <regctl/objects/bucket.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

/// `text` without the slashes before and behind it. It refers to `text`.
std::string_view without_slashes(std::string_view text) noexcept;

/// What BucketTree and ListedTree have in common: a storage tree is read by the names, sizes and
/// ETags of its objects, wherever those come from, and by the objects' bytes.
class ObjectTree : public StorageTree {
public:
  [[nodiscard]] const std::string& location() const noexcept override { return location_; }
  [[nodiscard]] std::string what(std::string_view path) const override;
  [[nodiscard]] bool has_leases_among_processes() const noexcept override { return false; }

  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& path) const override;
  [[nodiscard]] std::unique_ptr<StoredFile>
  open_known(const std::string& path, std::uint64_t size_bytes, std::string version) const override;
  [[nodiscard]] bool has_file(const std::string& path) const override;
  [[nodiscard]] std::unique_ptr<FolderView> view(const std::string& path) const override;
  bool list(const std::string& path, const OnName& on_name) const override;
  bool list_entries(const std::string& path,
                    const std::function<void(const FolderEntry&)>& on_entry) const override;
  bool read_files(const std::string& path,
                  const std::function<bool(const std::string& name)>& is_wanted,
                  std::uint64_t limit_bytes, const OnContent& on_content) const override;
  [[nodiscard]] std::string folder_version(const std::string&) const override { return {}; }
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& path) const override;
  void expect_content(std::string_view content) const override;
  [[nodiscard]] std::chrono::system_clock::time_point now() const override;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const override { return std::nullopt; }

  [[nodiscard]] Bucket& bucket() const noexcept { return *bucket_; }
  /// The key of the file at `path`.
  [[nodiscard]] std::string key_of(std::string_view path) const;
  /// What the keys of all files in a folder begin with.
  [[nodiscard]] std::string folder_key(std::string_view path) const;

protected:
  ObjectTree(std::shared_ptr<Bucket> bucket, std::string_view prefix,
             std::shared_ptr<KnownContents> known);

  using OnObject = std::function<void(const std::string& name, const ObjectInfo& object)>;
  /// Calls `on_object` for each object directly in a folder, with its name and its key, and
  /// `on_folder`, unless it is empty, for each folder in it. Returns false if there is no such
  /// folder.
  virtual bool for_each_object(const std::string& path, const OnObject& on_object,
                               const OnName& on_folder) const = 0;
  [[nodiscard]] virtual std::optional<ObjectInfo> find_object(const std::string& path) const = 0;

  [[nodiscard]] const std::shared_ptr<Bucket>& shared_bucket() const noexcept { return bucket_; }
  [[nodiscard]] const std::shared_ptr<KnownContents>& known() const noexcept { return known_; }
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

private:
  std::shared_ptr<Bucket> bucket_; // shared with open files and snapshots
  std::string prefix_;             ///< "" or "PREFIX/"
  std::string location_;
  std::shared_ptr<KnownContents> known_; // shared with snapshots
};

} // namespace regctl::objects
