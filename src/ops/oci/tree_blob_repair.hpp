// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/tree_blobs.hpp"

#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/oci/tree_repair.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace regctl::ops {

/// Tells of a repair; returns whether it is to be done.
using OnRepair = std::function<bool(TreeRepairAct)>;

/// A manifest found by the sum of its bytes, whatever links say.
struct FoundManifest {
  oci::Manifest manifest;
  /// Its bytes, where a file has white space behind them.
  std::optional<std::string> trimmed = {};
};

/// Repairs the bytes in a storage tree from what else is in it: each is found by its sum. Not
/// thread-safe.
class TreeBlobRepair {
public:
  /// `storage` and `blobs` must outlive it.
  TreeBlobRepair(V2Storage& storage, TreeBlobs& blobs, OnRepair on_repair)
      : storage_(storage), blobs_(blobs), on_repair_(std::move(on_repair)) {}

  /// Moves blobs that lie in a folder that is not named after their digest.
  void move_misfiled();

  /// Whether the bytes of a blob are there and right. Reads them.
  [[nodiscard]] bool is_sound(const oci::Digest& digest);

  [[nodiscard]] std::optional<FoundManifest> find_manifest(const oci::Digest& digest) const;

  /// Whether servers show the bytes of a blob as a manifest.
  [[nodiscard]] bool is_served(const oci::Digest& digest) const;

  /// Removes the white space behind a manifest.
  void trim(const std::string& repository, const oci::Digest& digest, const std::string& bytes);

  /// Restores the blob of a manifest if its file is missing, no file, or of another size; also if
  /// it has other bytes, as far as the right ones may be elsewhere: only then they are read.
  void restore(const std::string& repository, const oci::Descriptor& blob);

private:
  [[nodiscard]] bool has_candidate(const std::string& repository, const oci::Descriptor& blob);
  bool restore_from_data(const std::string& repository, const oci::Descriptor& blob);
  bool restore_from_folder(const std::string& repository, const oci::Descriptor& blob);
  bool restore_from_upload(const std::string& repository, const oci::Descriptor& blob);
  bool cut(const std::string& repository, const oci::Descriptor& blob);
  void move(const std::string& folder, const StoredFile& file, const oci::Digest& digest);
  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& path) const;
  [[nodiscard]] bool is_right(const StoredFile* file, const oci::Descriptor& blob) const;
  void put(const StoredFile& file, const oci::Digest& digest, const std::string& aside);

  V2Storage& storage_;
  TreeBlobs& blobs_;
  OnRepair on_repair_;
  std::string listed_uploads_of_; ///< the repository of the member below
  std::set<std::uint64_t> upload_sizes_;
};

} // namespace regctl::ops
