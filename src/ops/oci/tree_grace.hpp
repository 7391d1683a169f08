// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>

#include <chrono>
#include <string>

namespace regctl::ops {

/// Tells what was changed so recently that a push which is under way may need it.
class TreeGrace {
public:
  explicit TreeGrace(std::chrono::seconds grace) : grace_(grace) {}

  [[nodiscard]] bool is_young(const StorageTree& tree,
                              std::chrono::system_clock::time_point changed) const {
    return tree.now() - changed < grace_;
  }
  [[nodiscard]] bool is_young(const StorageTree& tree, const std::string& folder) const {
    const auto changed = tree.last_change(folder);
    return changed && is_young(tree, *changed);
  }

private:
  std::chrono::seconds grace_;
};

} // namespace regctl::ops
