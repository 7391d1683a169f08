// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_writers.hpp"

#include <regctl/formats/v2_paths.hpp>

#include <algorithm>
#include <optional>

namespace regctl::ops {

bool has_news(const StorageTree& before, const StorageTree& now, const std::string& folder) {
  const auto version_in = [](const StorageTree& tree, const std::string& path) {
    const auto file = tree.find_file(path);
    return file ? file->version() : "";
  };
  bool is_news = now.last_change(folder) > before.last_change(folder);
  std::vector<std::string> below;
  now.list_entries(folder, [&](const FolderEntry& entry) {
    const auto path = folder + "/" + entry.name;
    if (entry.is_folder) {
      below.push_back(path);
    } else { // times are in seconds
      is_news = is_news || version_in(now, path) != version_in(before, path);
    }
  });
  return is_news || std::any_of(below.begin(), below.end(), [&](const std::string& path) {
           return has_news(before, now, path);
         });
}

void RemovedLinks::add(const V2Storage& storage, const std::string& repository,
                       const TreeLink& link) {
  const bool is_alias = link.digest.algorithm() != oci::DigestAlgorithm::sha256;
  const auto target = is_alias ? storage.look_at_link(link.folder).digest : std::nullopt;
  removed_[repository].push_back({link, target.value_or(link.digest)});
}

std::vector<oci::Digest> RemovedLinks::revisions(const std::string& repository) const {
  std::vector<oci::Digest> revisions;
  if (const auto found = removed_.find(repository); found != removed_.end()) {
    for (const auto& removed : found->second) {
      if (removed.link.kind == TreeGarbage::Kind::revision) {
        revisions.push_back(removed.link.digest);
      }
    }
  }
  return revisions;
}

void RemovedLinks::put_back(
    V2Storage& storage, const StorageTree& listed, const std::string& repository,
    const std::function<bool(const TreeLink&)>& is_needed,
    const std::function<void(const TreeLink&, const oci::Digest& target)>& on_put_back) {
  const auto found = removed_.find(repository);
  if (found == removed_.end()) {
    return;
  }
  std::erase_if(found->second, [&](const Removed& removed) {
    if (listed.has_file(v2_paths::link_in(removed.link.folder))) {
      return true; // a push did so
    }
    if (!is_needed(removed.link)) {
      return false;
    }
    storage.put_link(removed.link.folder, removed.target);
    on_put_back(removed.link, removed.target);
    return true;
  });
}

} // namespace regctl::ops
