// SPDX-License-Identifier: Apache-2.0
#include "formats/storage_tree/local_tree.hpp"
#include "formats/v2_storage/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/formats/v2_storage.hpp>

#include <algorithm>
#include <utility>

namespace regctl {

namespace {

constexpr std::chrono::milliseconds k_at_once{0};

/// distribution's scheduler puts a file beside the tree.
bool is_no_sign(const std::string& name) {
  return is_chaff(name) || name == "scheduler-state.json";
}

/// The tree that a folder is a part of, by its name.
std::optional<std::string> find_above(const StorageTree& tree) {
  std::string_view location = tree.location();
  while (location.ends_with('/')) {
    location.remove_suffix(1);
  }
  for (const auto folder : {v2_paths::k_repositories, v2_paths::k_blobs}) {
    for (auto part = "/" + std::string(folder); !part.empty(); part.resize(part.rfind('/'))) {
      if (location.size() > part.size() && location.ends_with(part)) {
        return std::string(location.substr(0, location.size() - part.size()));
      }
    }
  }
  return std::nullopt;
}

std::string form_hint() {
  return "it should have the folder " + std::string(v2_paths::k_root);
}

/// Throws Error{protocol} for a folder that holds something else than a storage tree.
void refuse_misplaced(const StorageTree& tree) {
  bool is_empty = true;
  bool is_foreign = false;
  tree.list_entries("", [&](const FolderEntry& entry) {
    const auto& name = entry.name;
    const bool is_of_tree = name == "docker" || name == "images" || name == "repositories";
    is_empty = is_empty && is_no_sign(name);
    is_foreign = is_foreign || (!is_no_sign(name) && !is_of_tree);
  });
  if (const auto above = is_empty ? std::nullopt : find_above(tree)) {
    throw Error(ErrorKind::protocol,
                tree.location() + " is a folder in the storage tree of a registry",
                "the tree seems to be " + *above);
  }
  if (is_foreign) {
    throw Error(ErrorKind::protocol, tree.location() + " is no storage tree of a registry",
                form_hint());
  }
}

void refuse_database(const StorageTree& tree) {
  if (tree.has_file(std::string(v2_paths::k_database_lock))) {
    throw Error(ErrorKind::unsupported,
                tree.location() + " is the storage of a registry that keeps its tags and manifests "
                                  "in a database: the files alone are not what it serves",
                "copy from the registry itself");
  }
}

/// The parts of a folder below `repositories`.
struct Seen {
  V2Storage::Found found;
  std::vector<FolderEntry> below;
};

Seen look_at_folder(const StorageTree& tree, const std::string& name) {
  Seen seen{{name, v2_paths::is_legal_repository(name)}, {}};
  tree.list_entries(v2_paths::repository(name), [&](const FolderEntry& entry) {
    if (entry.name == v2_paths::k_layers) {
      seen.found.has_layers = true;
    } else if (entry.name == v2_paths::k_manifests) {
      seen.found.has_manifests = true;
    } else if (entry.is_folder && entry.name != v2_paths::k_uploads) {
      seen.below.push_back(entry);
    }
  });
  std::sort(seen.below.begin(), seen.below.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return seen;
}

void walk_below(const StorageTree& tree, const std::string& name,
                const std::vector<FolderEntry>& below, bool is_in_link,
                const std::function<void(const V2Storage::Found&)>& on_found,
                const std::function<void(const std::string&)>& on_skipped) {
  for (const auto& entry : below) {
    auto inner = name.empty() ? entry.name : name + "/" + entry.name;
    if (entry.is_link && is_in_link) { // else a ring of links would have no end
      if (on_skipped) {
        on_skipped(inner);
      }
      continue;
    }
    const auto seen = look_at_folder(tree, inner);
    if (seen.found.has_layers || seen.found.has_manifests) {
      on_found(seen.found);
    }
    walk_below(tree, inner, seen.below, is_in_link || entry.is_link, on_found, on_skipped);
  }
}

} // namespace

V2Storage::V2Storage(std::unique_ptr<StorageTree> tree) : tree_(std::move(tree)) {}

V2Storage::~V2Storage() = default;

std::shared_ptr<V2Storage> V2Storage::open(const std::string& folder, Missing missing) {
  return open(open_local_tree(folder, missing), missing);
}

std::shared_ptr<V2Storage> V2Storage::open(std::unique_ptr<StorageTree> tree, Missing missing) {
  if (!tree->has_folder(std::string(v2_paths::k_root))) {
    refuse_misplaced(*tree);
    if (missing == Missing::error) {
      throw Error(ErrorKind::not_found,
                  "there is no storage tree of distribution at " + tree->location(), form_hint());
    }
  }
  refuse_database(*tree);
  return std::shared_ptr<V2Storage>(new V2Storage(std::move(tree)));
}

void V2Storage::walk(const std::function<void(const Found&)>& on_found,
                     const std::function<void(const std::string&)>& on_skipped) const {
  std::vector<FolderEntry> top;
  tree_->list_entries(std::string(v2_paths::k_repositories), [&](const FolderEntry& entry) {
    if (entry.is_folder) {
      top.push_back(entry);
    }
  });
  std::sort(top.begin(), top.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  walk_below(*tree_, {}, top, false, on_found, on_skipped);
}

void V2Storage::for_each_repository(const std::function<void(const std::string&)>& on_name) const {
  walk([&](const Found& found) {
    if (found.is_repository()) {
      on_name(found.name);
    }
  });
}

bool V2Storage::has_repository(const std::string& name) const {
  return v2_paths::is_legal_repository(name) && (tree_->has_folder(v2_paths::layers(name)) ||
                                                 tree_->has_folder(v2_paths::manifests(name)));
}

std::unique_ptr<OciRepository> V2Storage::repository(const std::string& name) {
  if (!v2_paths::is_legal_repository(name)) {
    throw Error(ErrorKind::usage, "'" + excerpt(name) + "' is no name of a repository",
                "it has lower-case letters, digits, and '.', '_' and '-' between them");
  }
  return std::make_unique<V2Repository>(shared_from_this(), name);
}

std::shared_ptr<const V2Storage> V2Storage::snapshot() const {
  auto tree =
      tree_->snapshot({std::string(v2_paths::k_repositories), std::string(v2_paths::k_blobs)});
  return tree ? std::shared_ptr<const V2Storage>(new V2Storage(std::move(tree)))
              : shared_from_this();
}

// Writers share a lease of the folder `repositories`; a garbage collection has it exclusively.

void V2Storage::lock_for_writing() {
  const std::lock_guard lock(mutex_);
  if (writing_) {
    return;
  }
  auto lease = tree_->lease(std::string(v2_paths::k_repositories), Sharing::shared, k_at_once);
  if (!lease) {
    throw Error(ErrorKind::unavailable,
                "the storage tree '" + location() + "' is being cleaned up by another process",
                "try again when it is done");
  }
  writing_ = std::move(lease);
}

std::unique_ptr<V2Storage::Exclusive> V2Storage::lock_exclusively() {
  const std::lock_guard lock(mutex_);
  writing_.reset();
  // Kept in `writing_`, so that this process can still write.
  writing_ = tree_->lease(std::string(v2_paths::k_repositories), Sharing::exclusive, k_at_once);
  return writing_ ? std::unique_ptr<Exclusive>(new Exclusive(shared_from_this())) : nullptr;
}

V2Storage::Exclusive::~Exclusive() {
  const std::lock_guard lock(storage_->mutex_);
  storage_->writing_.reset();
}

} // namespace regctl
