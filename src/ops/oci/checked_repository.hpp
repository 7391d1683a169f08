// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/manifest_tree.hpp"

#include <regctl/base/key_locks.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/ops/verify.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops {

/// One repository of OCI images that is verified. Each blob is looked at once, since images share
/// blobs; manifests are read for each image. Thread-safe.
class CheckedRepository {
public:
  CheckedRepository(std::unique_ptr<OciRepository> repository, Finding::Where where, bool is_deep)
      : repository_(std::move(repository)), where_(where), is_deep_(is_deep) {}

  struct Counts {
    std::uint64_t manifests = 0;
    std::uint64_t blobs_read = 0;
    std::uint64_t bytes_read = 0;
    std::vector<std::exception_ptr> problems;
  };

  struct Image {
    std::vector<Finding> findings; ///< all faults, the root first
    /// The manifests and blobs that are there, in bytes.
    std::map<oci::Digest, std::uint64_t> sizes;
  };
  Image check(const oci::Digest& root);

  [[nodiscard]] OciRepository& repository() noexcept { return *repository_; }
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

private:
  /// What is known of a blob, whichever manifest names it.
  struct Blob {
    std::optional<std::uint64_t> size_bytes; ///< nothing if it is not there
    std::optional<Finding> fault;            ///< of its bytes, or of asking for it
  };

  void check_manifest(const oci::Descriptor& descriptor, std::size_t depth,
                      std::set<oci::Digest>& seen, Image& image);
  std::optional<oci::Manifest> read_manifest(const oci::Descriptor& descriptor, std::size_t depth,
                                             Image& image);
  bool is_blob(const oci::Descriptor& child);
  void check_blob(const oci::Descriptor& blob, bool has_no_size, Image& image);
  Blob look_at(const oci::Descriptor& blob);
  void read(const oci::Descriptor& blob, std::uint64_t size_bytes);
  void count_manifest(const oci::Digest& digest);
  Finding to_finding(const Error& error, Fault if_broken, const std::string& digest);

  std::unique_ptr<OciRepository> repository_;
  const Finding::Where where_;
  const bool is_deep_;
  KeyLocks looking_; ///< held while a blob is looked at
  std::mutex mutex_; ///< guards the members below
  std::map<std::string, Blob> blobs_;
  std::set<oci::Digest> manifests_;
  Counts counts_;
};

} // namespace regctl::ops
