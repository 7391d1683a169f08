// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/tree_links.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace regctl::ops {

// What a collection beside other writers has to know of them and of itself.

/// Whether a file in a folder, or below it, was written after `before` was listed. What was removed
/// does not count.
bool has_news(const StorageTree& before, const StorageTree& now, const std::string& folder);

/// The links that were removed from repositories, and can be put back as long as the blobs that
/// they name are there. Not thread-safe.
class RemovedLinks {
public:
  /// To be called before the link is removed.
  void add(const V2Storage& storage, const std::string& repository, const TreeLink& link);

  [[nodiscard]] bool is_empty() const noexcept { return removed_.empty(); }

  /// The revisions among those of a repository.
  [[nodiscard]] std::vector<oci::Digest> revisions(const std::string& repository) const;

  /// Puts back those links of a repository that are needed and, as `listed` has it, still gone.
  /// Calls `on_put_back` with each and with the blob that it names.
  void put_back(V2Storage& storage, const StorageTree& listed, const std::string& repository,
                const std::function<bool(const TreeLink&)>& is_needed,
                const std::function<void(const TreeLink&, const oci::Digest& target)>& on_put_back);

private:
  struct Removed {
    TreeLink link;
    oci::Digest target;
  };

  std::map<std::string, std::vector<Removed>> removed_; ///< by repository
};

} // namespace regctl::ops
