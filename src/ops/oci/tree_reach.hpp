// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/tree_repository.hpp"

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace regctl::ops {

/// What a repository of a storage tree needs: whatever its tags and its young revisions reach by
/// indexes and by referrers, with the blobs that these manifests name. Manifests are read by their
/// digest, whether or not their links are whole. Of one that is refused as a manifest every digest
/// in it is needed; where one cannot be read at all the repository is kept whole. Not thread-safe.
class TreeReach {
public:
  /// `is_young` tells of a folder whether it was changed within the grace.
  TreeReach(TreeRepository& repository, std::function<bool(const std::string& folder)> is_young)
      : repository_(repository), is_young_(std::move(is_young)) {}

  /// Keeps the repository whole. Only the first reason counts.
  void keep_whole(const std::string& why);

  /// Revisions whose links are gone, and which refer to their subjects all the same.
  void count_in(std::vector<oci::Digest> unlinked) { unlinked_ = std::move(unlinked); }

  /// To be called once, before the questions below.
  void find();

  /// Why the repository has to be kept whole; "" if it need not.
  [[nodiscard]] const std::string& why_kept() const noexcept { return why_kept_; }

  /// The revisions that are reached, and those that are not and have a link.
  [[nodiscard]] const std::set<oci::Digest>& manifests() const noexcept { return reached_; }
  [[nodiscard]] const std::vector<oci::Digest>& unreached() const noexcept { return unreached_; }

  /// All blobs that are needed by their sha256: manifests, configs, layers, signatures.
  [[nodiscard]] const std::set<oci::Digest>& blobs() const noexcept { return blobs_; }

  /// Whether a blob that is needed is not there.
  [[nodiscard]] bool misses_blobs() const noexcept { return misses_blobs_; }

  /// How many revisions only the grace keeps.
  [[nodiscard]] std::uint64_t young() const noexcept { return young_; }

  /// Whether the link of a layer is needed.
  [[nodiscard]] bool needs_layer(const oci::Digest& digest) const;

private:
  struct Referrer {
    oci::Digest digest;
    oci::Digest subject;
  };

  void find_from_tags();
  void find_from_young();
  void find_referrers();
  void reach(const oci::Digest& digest);
  void reach_one(const oci::Digest& digest, std::vector<oci::Digest>& ahead);
  void need_parts(const oci::Manifest& manifest, std::vector<oci::Digest>& ahead);
  void need_any(const oci::Digest& digest, std::vector<oci::Digest>& ahead);
  void need_blob(const oci::Descriptor& blob);
  void need_signatures(const oci::Digest& digest);
  void need_everything();

  TreeRepository& repository_;
  std::function<bool(const std::string& folder)> is_young_;
  std::set<oci::Digest> reached_;
  std::set<oci::Digest> blobs_;
  std::set<oci::Digest> aliases_; ///< of blobs that manifests name by another algorithm
  std::vector<oci::Digest> unlinked_;
  std::vector<oci::Digest> unreached_;
  std::string why_kept_;
  std::uint64_t young_ = 0;
  bool misses_blobs_ = false;
};

} // namespace regctl::ops
