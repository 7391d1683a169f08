// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_reach.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/v1/packed_id.hpp>
#include <regctl/ops/oci/tree_gc.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::chrono::hours k_least_grace{1};
/// Deeper than any file of a repository whose name has 255 bytes.
constexpr int k_most_levels = 160;

using GarbageKind = TreeGarbage::Kind;

class TreeCollection {
public:
  TreeCollection(std::shared_ptr<V2Storage> storage, const TreeGcOptions& options,
                 const std::function<void(const TreeGarbage&)>& on_garbage,
                 const OnKeptRepository& on_kept)
      : storage_(std::move(storage)), options_(options), on_garbage_(on_garbage), on_kept_(on_kept),
        listed_(storage_->snapshot()), blobs_(*listed_, BlobCheck::size, 1) {}

  TreeGcReport run() {
    std::vector<V2Storage::Found> repositories;
    listed_->walk([&](const V2Storage::Found& found) { repositories.push_back(found); },
                  [&](const std::string& name) {
                    throw Error(ErrorKind::unsupported,
                                "the repository '" + excerpt(name) +
                                    "' is a link in a folder that is one: it is not known what it "
                                    "needs",
                                "put the folder itself in its place");
                  });
    has_tags_ = std::any_of(repositories.begin(), repositories.end(), [&](const auto& found) {
      return TreeRepository(blobs_, found).tags().has_value();
    });
    for (const auto& found : repositories) {
      check_interrupted();
      collect(found);
    }
    collect_loose_uploads();
    sweep_blobs();
    return report_;
  }

private:
  void collect(const V2Storage::Found& found) {
    TreeRepository repository(blobs_, found);
    TreeReach reach(repository, [&](const std::string& folder) { return is_young(folder); });
    if (!options_.force && has_tags_elsewhere(repository)) {
      reach.keep_whole("its tags may be kept elsewhere, as OpenShift keeps them; if it has none, "
                       "--force collects it");
    }
    reach.find();
    report_.young += reach.young();
    if (!reach.why_kept().empty()) {
      ++report_.kept_repositories;
      on_kept_(found.name, reach.why_kept());
    } else {
      collect_links(repository, reach);
    }
    std::for_each(reach.blobs().begin(), reach.blobs().end(),
                  [&](const oci::Digest& digest) { keep(digest); });
    if (reach.why_kept().empty() && !reach.misses_blobs()) {
      collect_uploads(found.name);
    }
  }

  /// Whether what shows is what OpenShift leaves in a tree: manifests, or of old only blobs, and no
  /// tag ever. A registry that is pushed to by digest alone looks alike, and so does, in a bucket,
  /// a repository whose tags are gone.
  [[nodiscard]] bool has_tags_elsewhere(const TreeRepository& repository) const {
    const bool is_filled =
        !repository.revisions().empty() || (!has_tags_ && repository.found().has_layers);
    return is_filled && !repository.tags();
  }

  /// Links of indexes go first: so no index is left without what it names.
  void collect_links(TreeRepository& repository, const TreeReach& reach) {
    auto revisions = reach.unreached();
    std::stable_partition(revisions.begin(), revisions.end(), [&](const oci::Digest& digest) {
      const auto found = repository.read(digest);
      return found.manifest && found.manifest->kind == oci::Manifest::Kind::index;
    });
    const auto& name = repository.name();
    for (const auto& digest : revisions) {
      remove_link(GarbageKind::revision, name, digest, v2_paths::revision(name, digest));
    }
    collect_index_entries(repository, reach);
    collect_layers(repository, reach);
  }

  void collect_index_entries(const TreeRepository& repository, const TreeReach& reach) {
    const auto& name = repository.name();
    for (const auto& tag : repository.tags().value_or(std::vector<TreeTag>())) {
      repository.for_each_link(v2_paths::all_tag_indexes(name, tag.name),
                               oci::DigestAlgorithm::sha256, [&](const oci::Digest& digest) {
                                 const auto folder = v2_paths::tag_index(name, tag.name, digest);
                                 if (!reach.manifests().contains(digest) && !is_young(folder)) {
                                   remove_link(GarbageKind::index_entry, name, digest, folder);
                                 }
                               });
    }
  }

  void collect_layers(const TreeRepository& repository, const TreeReach& reach) {
    const auto& name = repository.name();
    for (const auto algorithm : {oci::DigestAlgorithm::sha256, oci::DigestAlgorithm::sha512}) {
      repository.for_each_link(v2_paths::layers(name), algorithm, [&](const oci::Digest& digest) {
        const auto folder = v2_paths::layer(name, digest);
        if (reach.needs_layer(digest)) {
          return;
        }
        if (!is_young(folder)) {
          remove_link(GarbageKind::layer, name, digest, folder);
          return;
        }
        ++report_.young;
        keep(digest);
        if (const auto link = repository.layer(digest); link.digest) {
          keep(*link.digest);
        }
      });
    }
  }

  /// distribution's, by the time that is written in them, and what regctl left behind.
  void collect_uploads(const std::string& name) {
    const auto folder = v2_paths::uploads(name);
    std::vector<std::string> uploads;
    listed_->tree().list_entries(folder, [&](const FolderEntry& entry) {
      if (entry.is_folder && !is_removed_name(entry.name)) {
        uploads.push_back(entry.name);
      }
    });
    for (const auto& upload : uploads) {
      const auto path = folder + "/" + upload;
      if (is_young_upload(path)) {
        ++report_.young;
        continue;
      }
      const auto size_bytes = size_of_upload(path);
      ++report_.uploads;
      report_.upload_bytes += size_bytes;
      on_garbage_({GarbageKind::upload, name, path, size_bytes});
      if (options_.apply) {
        storage_->tree().remove_all(path, folder, path + "/" + v2_paths::k_started_at);
      }
    }
  }

  [[nodiscard]] bool is_young_upload(const std::string& path) const {
    if (is_young(path)) {
      return true; // bytes came a moment ago
    }
    std::optional<std::string> text;
    try {
      text =
          listed_->tree().read(path + "/" + v2_paths::k_started_at, v2_paths::k_small_limit_bytes);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::protocol) {
        throw;
      }
    }
    const auto began = v2_paths::parse_started_at(text.value_or(""));
    return began && is_young(std::chrono::system_clock::from_time_t(*began));
  }

  [[nodiscard]] std::uint64_t size_of_upload(const std::string& path) const {
    try {
      const auto file = listed_->tree().find_file(path + "/" + v2_paths::k_data);
      return file ? file->size_bytes() : 0;
    } catch (const Error&) {
      return 0; // something else stands there
    }
  }

  /// Files and folders that processes of regctl left when they were killed, and in a bucket all
  /// unfinished uploads.
  void collect_loose_uploads() {
    std::vector<UnfinishedFile> unfinished;
    storage_->tree().for_each_unfinished(std::string(v2_paths::k_root), k_most_levels,
                                         [&](const UnfinishedFile& file) {
                                           if (!file.started || !is_young(*file.started)) {
                                             unfinished.push_back(file);
                                           }
                                         });
    for (const auto& file : unfinished) {
      ++report_.unfinished;
      report_.upload_bytes += file.size_bytes;
      on_garbage_({GarbageKind::unfinished, {}, file.path, file.size_bytes});
      if (options_.apply) {
        storage_->tree().remove_unfinished(file);
      }
    }
    collect_removed_folders(std::string(v2_paths::k_repositories) + "/" +
                            std::string(v2_paths::k_uploads));
    listed_->walk([&](const V2Storage::Found& found) {
      collect_removed_folders(v2_paths::uploads(found.name));
    });
  }

  void collect_removed_folders(const std::string& folder) {
    std::vector<std::string> gone;
    listed_->tree().list_entries(folder, [&](const FolderEntry& entry) {
      if (is_removed_name(entry.name)) {
        gone.push_back(folder + "/" + entry.name);
      }
    });
    for (const auto& path : gone) {
      ++report_.unfinished;
      on_garbage_({GarbageKind::unfinished, {}, path, 0});
      if (options_.apply) {
        storage_->tree().remove_all(path, folder, path);
      }
    }
  }

  void sweep_blobs() {
    const auto root = v2_paths::blobs(oci::DigestAlgorithm::sha256);
    std::vector<std::string> halves;
    listed_->tree().list(root, [&](const std::string& name) { halves.push_back(name); });
    std::sort(halves.begin(), halves.end());
    for (const auto& half : halves) {
      check_interrupted();
      std::vector<oci::Digest> digests;
      listed_->tree().list(root + "/" + half, [&](const std::string& hex) {
        const auto digest = oci::Digest::find_hex(hex);
        if (digest && hex.starts_with(half) && blobs_.look(*digest).is_there()) {
          digests.push_back(*digest); // what is filed wrongly is for a repair
        }
      });
      std::sort(digests.begin(), digests.end());
      std::for_each(digests.begin(), digests.end(), [&](const auto& digest) { sweep(digest); });
    }
  }

  void sweep(const oci::Digest& digest) {
    const auto folder = v2_paths::blob_folder(digest);
    const bool is_needed = kept_.contains(PackedId(digest.hex()));
    if (is_needed || is_young(folder)) {
      ++report_.kept_blobs;
      report_.young += is_needed ? 0 : 1;
      return;
    }
    const auto size_bytes = blobs_.look(digest).size_bytes;
    ++report_.blobs;
    report_.blob_bytes += size_bytes;
    on_garbage_({GarbageKind::blob, {}, digest.to_string(), size_bytes});
    if (!options_.apply) {
      return;
    }
    // Not moved aside: distribution's collection stops at a file `data` that is filed wrongly.
    remove_file(folder, v2_paths::k_data);
  }

  void remove_link(GarbageKind kind, const std::string& name, const oci::Digest& digest,
                   const std::string& folder) {
    kind == GarbageKind::revision ? ++report_.revisions : ++report_.links;
    on_garbage_({kind, name, digest.to_string(), 0});
    if (!options_.apply) {
      return;
    }
    if (kind == GarbageKind::revision) { // may hold signatures
      storage_->tree().remove_all(folder, v2_paths::uploads(name), v2_paths::link_in(folder));
    } else {
      remove_file(folder, v2_paths::k_link);
    }
  }

  void remove_file(const std::string& folder, const std::string& name) {
    if (const auto opened = storage_->tree().find_folder(folder)) {
      opened->discard(name);
      opened->sync();
    }
    remove_if_empty(folder);
  }

  void remove_if_empty(const std::string& folder) {
    try {
      storage_->tree().remove_folder(folder);
    } catch (const Error& error) { // somebody's file is in it
      if (error.kind() != ErrorKind::local_io && error.kind() != ErrorKind::not_found) {
        throw;
      }
    }
  }

  void keep(const oci::Digest& digest) {
    if (digest.algorithm() == oci::DigestAlgorithm::sha256) {
      kept_.insert(PackedId(digest.hex()));
    }
  }

  [[nodiscard]] bool is_young(std::chrono::system_clock::time_point time) const {
    return listed_->tree().now() - time < options_.grace;
  }
  [[nodiscard]] bool is_young(const std::string& folder) const {
    const auto changed = listed_->tree().last_change(folder);
    return changed && is_young(*changed);
  }

  std::shared_ptr<V2Storage> storage_; // shared with its user
  const TreeGcOptions& options_;
  const std::function<void(const TreeGarbage&)>& on_garbage_;
  const OnKeptRepository& on_kept_;
  std::shared_ptr<const V2Storage> listed_; // shared: `storage_` itself, or a snapshot
  TreeBlobs blobs_;
  std::unordered_set<PackedId, PackedId::Hash> kept_;
  bool has_tags_ = false; ///< some repository
  TreeGcReport report_;
};

/// Whether a tree is that of Harbor, whose tags are in a database and stale in the tree. The tree
/// itself does not tell, but Harbor's installer puts these folders beside it. Source: the template
/// of its docker-compose.yml.
bool is_of_harbor(const std::string& folder) {
  std::error_code ignored; // then it is not known
  const auto parent = std::filesystem::canonical(folder, ignored).parent_path();
  const auto has = [&](const char* name) {
    return std::filesystem::is_directory(parent / name, ignored);
  };
  return !parent.empty() && has("job_logs") && has("secret") && has("ca_download");
}

} // namespace

std::string_view to_string(TreeGarbage::Kind kind) noexcept {
  switch (kind) {
  case GarbageKind::revision:
    return "revision";
  case GarbageKind::layer:
    return "layer link";
  case GarbageKind::index_entry:
    return "index entry";
  case GarbageKind::upload:
    return "upload";
  case GarbageKind::unfinished:
    return "unfinished";
  case GarbageKind::blob:
    return "blob";
  }
  return "";
}

TreeGcReport collect_tree_garbage(const std::shared_ptr<V2Storage>& storage,
                                  const TreeGcOptions& options,
                                  const std::function<void(const TreeGarbage&)>& on_garbage,
                                  const OnKeptRepository& on_kept) {
  if (!options.force && is_of_harbor(storage->location())) {
    throw Error(ErrorKind::unsupported,
                storage->location() + " is the storage of Harbor, which keeps its tags in a "
                                      "database: the tree does not tell which images are in use",
                "let Harbor collect its garbage; --force goes by the tags in the tree");
  }
  std::unique_ptr<V2Storage::Exclusive> exclusive;
  if (options.apply) {
    if (!storage->tree().has_leases_among_processes() && options.grace < k_least_grace) {
      throw Error(ErrorKind::usage,
                  "in a bucket the grace must be an hour or more: other processes that write to it "
                  "cannot be seen");
    }
    exclusive = storage->lock_exclusively();
    if (!exclusive) {
      throw Error(ErrorKind::unavailable,
                  "the storage tree '" + storage->location() + "' is in use by another process",
                  "wait until it has ended, and try again");
    }
  }
  return TreeCollection(storage, options, on_garbage, on_kept).run();
}

} // namespace regctl::ops
