// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/tree_grace.hpp"

#include <regctl/ops/oci/tree_gc.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace regctl::ops {

/// Collects the uploads of a storage tree that were never finished. Of those that `listed` has it
/// looks again at each before it goes. Not thread-safe.
class TreeUploads {
public:
  /// All of these must outlive it.
  TreeUploads(V2Storage& storage, const TreeGcOptions& options, TreeGcReport& report,
              const std::function<void(const TreeGarbage&)>& on_garbage)
      : storage_(storage), options_(options), report_(report), on_garbage_(on_garbage),
        grace_(options.grace) {}

  /// distribution's uploads to one repository, by the time that is written in them.
  void collect_of(const V2Storage& listed, const std::string& name);

  /// Files and folders that processes of regctl left when they were killed, and in a bucket all
  /// unfinished uploads.
  void collect_loose(const V2Storage& listed);

private:
  [[nodiscard]] bool is_young(const StorageTree& tree, const std::string& upload) const;
  void collect_unfinished(const V2Storage& listed);
  void collect_removed_folders(const V2Storage& listed, const std::string& folder);

  V2Storage& storage_;
  const TreeGcOptions& options_;
  TreeGcReport& report_;
  const std::function<void(const TreeGarbage&)>& on_garbage_;
  TreeGrace grace_;
};

} // namespace regctl::ops
