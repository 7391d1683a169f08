// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/file_listing.hpp"
#include "objects/object_tree.hpp"

#include <memory>
#include <string>
#include <vector>

namespace regctl::objects {

/// A tree in a bucket as it was when it was listed. Only contents are read from the bucket: those
/// of objects that were replaced since are Error{integrity}, those that were removed are missing.
/// The functions that write throw Error{usage}.
class ListedTree final : public ObjectTree {
public:
  /// Lists these folders of the tree, one after the other; those with very many files in several
  /// parts at a time.
  ListedTree(std::shared_ptr<Bucket> bucket, std::string_view prefix,
             std::shared_ptr<KnownContents> known, const std::vector<std::string>& folders);

  [[nodiscard]] std::optional<std::string> read(const std::string& path,
                                                std::uint64_t limit_bytes) const override;
  [[nodiscard]] bool has_folder(const std::string& path) const override;
  [[nodiscard]] std::unique_ptr<StorageTree>
  snapshot(const std::vector<std::string>&) const override {
    return nullptr;
  }
  /// The objects whose names say so. Uploads in parts are not part of a snapshot.
  void
  for_each_unfinished(const std::string& path, int levels,
                      const std::function<void(const UnfinishedFile&)>& on_file) const override;

  [[nodiscard]] std::unique_ptr<StorageFolder> make_folder(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<StorageFolder> find_folder(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<StorageFolder>
  lease(const std::string& path, Sharing sharing,
        std::optional<std::chrono::milliseconds> patience) override;
  [[nodiscard]] std::unique_ptr<LooseUpload>
  start_loose_upload(const std::string& aside, const std::string& likely_path) override;
  bool put_folder(const std::string& path, const FileGroup& files,
                  const std::string& aside) override;
  bool remove_all(const std::string& path, const std::string& aside,
                  const std::string& last) override;
  void remove_folder(const std::string& path) override;
  void remove_folder_with(const std::string& path, const std::string& last) override;
  void remove_unfinished(const UnfinishedFile& file) override;

private:
  bool for_each_object(const std::string& path, const OnObject& on_object,
                       const OnName& on_folder) const override;
  [[nodiscard]] std::optional<ObjectInfo> find_object(const std::string& path) const override;
  void list_all(const std::vector<std::string>& folders);
  void list_folder(const std::string& folder,
                   const std::function<std::vector<std::string>(const std::string& last)>& choose);
  std::vector<std::string> names_after(const std::string& folder, const std::string& last);
  void list_ranges(const std::string& folder, std::vector<std::string> bounds);
  void add(const ObjectInfo& object);
  [[noreturn]] void refuse_writing() const;

  FileListing files_;
};

} // namespace regctl::objects
