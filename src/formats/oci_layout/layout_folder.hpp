// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/oci_layout/layout_files.hpp"
#include "formats/storage_tree/local_tree.hpp"

#include <regctl/formats/oci_layout.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace regctl {

/// The folder of an OCI layout. Paths are resolved beneath it (LocalTree). Thread-safe.
class LayoutFolder final : public LayoutFiles {
public:
  /// Throws as open_oci_layout().
  LayoutFolder(std::string folder, MissingLayout missing);

  [[nodiscard]] const std::string& what() const noexcept override { return what_; }
  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& name) const override;

  /// Whether there is an index.json, hence a layout.
  [[nodiscard]] bool has_index() const { return find_file("index.json") != nullptr; }

  /// Makes the folder and an empty layout in it, unless it is one.
  void create();

  /// Stores a blob, durably but for its name (see sync_blobs). A blob of that digest and size is
  /// kept as it is. Throws Error{integrity} if the bytes are not those of `upload`.
  oci::PutBlob put_blob(const oci::BlobUpload& upload);

  /// Makes the names of blobs durable.
  void sync_blobs() const;

  /// Replaces index.json by what `edit` makes of it, under a lock, if that returns true. Returns
  /// the same.
  bool edit_index(const std::function<bool(LayoutIndexEditor&)>& edit);

private:
  [[nodiscard]] LocalTree* tree() const;
  [[nodiscard]] LocalTree& made_tree() const;
  void open(MissingLayout missing);

  std::string folder_;
  std::string what_;
  mutable std::mutex mutex_;        ///< guards tree_ while it is null
  std::unique_ptr<LocalTree> tree_; ///< null until there is a folder
};

} // namespace regctl
