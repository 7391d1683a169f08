// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/manifest_tree.hpp"

#include <regctl/model/oci/repository.hpp>
#include <regctl/ops/verify.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops {

/// One repository of OCI images that is verified. The findings of its blobs and manifests are kept,
/// since tags share them: each blob is looked at once. Thread-safe.
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

  /// All faults of the image, the root first.
  std::vector<Finding> check(const oci::Digest& root);

  [[nodiscard]] OciRepository& repository() noexcept { return *repository_; }
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

private:
  using Findings = std::vector<Finding>;

  void check_manifest(const oci::Descriptor& descriptor, std::size_t depth,
                      std::set<oci::Digest>& seen, Findings& findings);
  Findings look_at(const oci::Descriptor& blob, bool has_no_size);
  void read(const oci::Descriptor& blob, std::uint64_t size_bytes);
  void count_manifest(const oci::Digest& digest);
  void find(const Error& error, Fault if_broken, const std::string& digest, Findings& findings);

  std::unique_ptr<OciRepository> repository_;
  const Finding::Where where_;
  const bool is_deep_;
  std::array<std::mutex, 64> looking_; ///< one for a blob that is looked at; digests share them
  std::mutex mutex_;                   ///< guards the members below
  std::map<std::string, Findings> blobs_;
  std::set<oci::Digest> manifests_;
  Counts counts_;
};

} // namespace regctl::ops
