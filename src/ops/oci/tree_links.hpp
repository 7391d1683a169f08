// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/tree_reach.hpp"

#include <regctl/ops/oci/tree_gc.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// A link of a repository that a collection removes.
struct TreeLink {
  TreeGarbage::Kind kind = TreeGarbage::Kind::revision; ///< or layer, or index_entry
  oci::Digest digest;
  std::string folder; ///< in which the link lies
};

/// What find_unneeded_links() asks and tells.
struct TreeLinkListener {
  /// Whether a folder was changed within the grace.
  std::function<bool(const std::string& folder)> is_young;
  /// Called with the layer of a link that only the grace keeps, and with what the link names.
  std::function<void(const oci::Digest& layer, const std::optional<oci::Digest>& target)>
      on_young_layer;
};

/// The links of a repository that nothing in it needs, in the order in which they can go: those of
/// indexes first, so that no index is left without what it names. `reach` has found its answers.
std::vector<TreeLink> find_unneeded_links(TreeRepository& repository, const TreeReach& reach,
                                          const TreeLinkListener& listener);

} // namespace regctl::ops
