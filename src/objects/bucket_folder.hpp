// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/bucket_tree.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl::objects {

/// A folder of a BucketTree.
class BucketFolder final : public StorageFolder {
public:
  /// `lease` is null for a folder that is not leased. `tree` must outlive this.
  BucketFolder(BucketTree& tree, std::string path, std::unique_ptr<Leases::Lease> lease)
      : tree_(tree), path_(std::move(path)), lease_(std::move(lease)) {}

  void put(const std::string& name, std::string_view text, Durability durability) override;
  bool claim(const std::string& name, std::string_view word) override;
  bool renew(const std::string& name, std::string_view word) override;
  bool take_over(const std::string& name) override;
  bool put_if_unchanged(const std::string& name, std::string_view text,
                        const std::string& version) override;
  [[nodiscard]] std::vector<std::exception_ptr>
  put_groups(const std::vector<const FileGroup*>& groups) override;
  [[nodiscard]] std::unique_ptr<StorageUpload> start_upload(const std::string& name) override;
  [[nodiscard]] bool can_copy(const StoredFile& file) const override;
  void copy_file(const StoredFile& file, const std::string& name,
                 const std::function<void()>& on_step) override;
  bool remove(const std::string& name) override;
  void discard(const std::string& name) override;
  [[nodiscard]] std::vector<std::string> names() const override;
  /// Does nothing: what another process has begun is told from what was left behind by its age
  /// alone, and nobody sees either.
  void remove_unfinished() override {}
  void sync() override {}

private:
  [[nodiscard]] std::string key_of(const std::string& name) const;
  [[nodiscard]] std::optional<StorageTree::VersionedText> read_mark(const std::string& name) const;
  [[nodiscard]] bool is_old(const std::string& name) const;

  BucketTree& tree_;
  std::string path_;
  std::unique_ptr<Leases::Lease> lease_;
};

} // namespace regctl::objects
