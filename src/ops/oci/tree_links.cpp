// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_links.hpp"

#include <regctl/formats/v2_paths.hpp>

#include <algorithm>
#include <vector>

namespace regctl::ops {

namespace {

using GarbageKind = TreeGarbage::Kind;

void find_revisions(TreeRepository& repository, const TreeReach& reach,
                    std::vector<TreeLink>& unneeded) {
  auto revisions = reach.unreached();
  std::stable_partition(revisions.begin(), revisions.end(), [&](const oci::Digest& digest) {
    const auto found = repository.read(digest);
    return found.manifest && found.manifest->kind == oci::Manifest::Kind::index;
  });
  for (const auto& digest : revisions) {
    unneeded.push_back(
        {GarbageKind::revision, digest, v2_paths::revision(repository.name(), digest)});
  }
}

void find_index_entries(const TreeRepository& repository, const TreeReach& reach,
                        const TreeLinkListener& listener, std::vector<TreeLink>& unneeded) {
  const auto& name = repository.name();
  for (const auto& tag : repository.tags().value_or(std::vector<TreeTag>())) {
    repository.for_each_link(v2_paths::all_tag_indexes(name, tag.name),
                             oci::DigestAlgorithm::sha256, [&](const oci::Digest& digest) {
                               const auto folder = v2_paths::tag_index(name, tag.name, digest);
                               if (!reach.manifests().contains(digest) &&
                                   !listener.is_young(folder)) {
                                 unneeded.push_back({GarbageKind::index_entry, digest, folder});
                               }
                             });
  }
}

void find_layers(const TreeRepository& repository, const TreeReach& reach,
                 const TreeLinkListener& listener, std::vector<TreeLink>& unneeded) {
  const auto& name = repository.name();
  for (const auto algorithm : {oci::DigestAlgorithm::sha256, oci::DigestAlgorithm::sha512}) {
    repository.for_each_link(v2_paths::layers(name), algorithm, [&](const oci::Digest& digest) {
      const auto folder = v2_paths::layer(name, digest);
      if (reach.needs_layer(digest)) {
        return;
      }
      if (listener.is_young(folder)) {
        listener.on_young_layer(digest, repository.layer(digest).digest);
      } else {
        unneeded.push_back({GarbageKind::layer, digest, folder});
      }
    });
  }
}

} // namespace

std::vector<TreeLink> find_unneeded_links(TreeRepository& repository, const TreeReach& reach,
                                          const TreeLinkListener& listener) {
  std::vector<TreeLink> unneeded;
  find_revisions(repository, reach, unneeded);
  find_index_entries(repository, reach, listener, unneeded);
  find_layers(repository, reach, listener, unneeded);
  return unneeded;
}

} // namespace regctl::ops
