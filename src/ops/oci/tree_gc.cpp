// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_grace.hpp"
#include "ops/oci/tree_links.hpp"
#include "ops/oci/tree_uploads.hpp"
#include "ops/oci/tree_writers.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/v1/packed_id.hpp>
#include <regctl/ops/oci/tree_gc.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::chrono::hours k_least_grace{1};
/// How much is removed beside other writers before their work is looked at again: more where a look
/// costs more, which is a request for each manifest it reads and for each thousand files.
constexpr std::size_t k_batch = 64;
constexpr std::size_t k_blobs_of_a_request = 1000;

using GarbageKind = TreeGarbage::Kind;

/// Where no lease keeps other writers out, as in a bucket, they may come to need what was found
/// unneeded. So links go first, and without its link no push can rely on a blob. What was written
/// since is looked at before they go and again before blobs go, as well as in between: links that
/// have come to be needed are put back, and blobs are kept.
class TreeCollection {
public:
  TreeCollection(std::shared_ptr<V2Storage> storage, const TreeGcOptions& options,
                 const std::function<void(const TreeGarbage&)>& on_garbage,
                 const OnKeptRepository& on_kept)
      : storage_(std::move(storage)), options_(options), on_garbage_(on_garbage), on_kept_(on_kept),
        grace_(options.grace),
        is_beside_others_(options.apply && !storage_->tree().has_leases_among_processes()) {
    look_at(storage_->snapshot());
  }

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
      return TreeRepository(*blobs_, found).tags().has_value();
    });
    TreeUploads uploads(*storage_, options_, report_, on_garbage_);
    for (const auto& found : repositories) {
      check_interrupted();
      choose(found);
      if (!is_beside_others_) {
        remove_links(found.name);
      }
      if (chosen_[found.name].has_all_blobs) {
        uploads.collect_of(*listed_, found.name);
      }
    }
    if (is_beside_others_) {
      remove_links_beside_others();
    }
    uploads.collect_loose(*listed_);
    sweep_blobs();
    return report_;
  }

private:
  /// What was found of a repository.
  struct Chosen {
    std::vector<TreeLink> links; ///< that nothing needs
    std::size_t removed = 0;     ///< of them, beside others
    std::uint64_t young = 0;
    bool is_kept_whole = false;
    bool has_all_blobs = false; ///< and is not kept whole
  };

  void look_at(std::shared_ptr<const V2Storage> latest) {
    listed_ = std::move(latest);
    blobs_.emplace(*listed_, BlobCheck::size, 1);
    removed_since_look_ = 0;
    look_cost_ = 0;
    is_look_due_ = false;
  }

  /// Finds the links that a repository does not need, and keeps the blobs that it does.
  void choose(const V2Storage::Found& found) {
    TreeRepository repository(*blobs_, found);
    TreeReach reach(repository, [&](const std::string& folder) { return is_young(folder); });
    if (!options_.force && has_tags_elsewhere(repository)) {
      reach.keep_whole("its tags may be kept elsewhere, as OpenShift keeps them; if it has none, "
                       "--force collects it");
    }
    reach.count_in(removed_.revisions(found.name));
    reach.find();
    look_cost_ += reach.manifests().size();
    Chosen chosen{.links = {}, .young = reach.young(), .is_kept_whole = !reach.why_kept().empty()};
    chosen.has_all_blobs = !chosen.is_kept_whole && !reach.misses_blobs();
    std::for_each(reach.blobs().begin(), reach.blobs().end(),
                  [&](const oci::Digest& digest) { keep(digest); });
    if (!chosen.is_kept_whole) {
      const auto on_young = [&](const oci::Digest& layer, const auto& target) {
        ++chosen.young;
        keep(layer);
        keep(target.value_or(layer));
      };
      chosen.links = find_unneeded_links(
          repository, reach,
          {[&](const std::string& folder) { return is_young(folder); }, on_young});
    }
    put_back(found.name, reach);
    report(found.name, chosen, reach.why_kept());
  }

  /// Takes over what was chosen in place of an earlier choice.
  void report(const std::string& name, Chosen& chosen, const std::string& why_kept) {
    auto& known = chosen_[name];
    if (chosen.is_kept_whole && !known.is_kept_whole) {
      ++report_.kept_repositories;
      on_kept_(name, why_kept);
    }
    report_.young += chosen.young - known.young;
    known = std::move(chosen);
  }

  /// Whether what shows is what OpenShift leaves in a tree: manifests, or of old only blobs, and no
  /// tag ever. A registry that is pushed to by digest alone looks alike, and so does, in a bucket,
  /// a repository whose tags are gone.
  [[nodiscard]] bool has_tags_elsewhere(const TreeRepository& repository) const {
    const bool is_filled =
        !repository.revisions().empty() || (!has_tags_ && repository.found().has_layers);
    return is_filled && !repository.tags();
  }

  // --- links ---

  void remove_links(const std::string& name) {
    const auto links = std::exchange(chosen_[name].links, {});
    std::for_each(links.begin(), links.end(), [&](const auto& link) { remove(name, link); });
  }

  void remove_links_beside_others() {
    is_look_due_ = true;
    for (auto& [name, chosen] : chosen_) { // looking again may add repositories
      while (chosen.removed < chosen.links.size()) {
        if (!look_again_if_due()) { // else there may be other links to remove
          remove_beside_others(name, chosen.links[chosen.removed++]);
        }
      }
      chosen.links = {};
      chosen.removed = 0;
    }
  }

  void remove_beside_others(const std::string& name, const TreeLink& link) {
    if (grace_.is_young(storage_->tree(), link.folder)) {
      ++report_.young; // what it needs is found before blobs go
      return;
    }
    removed_.add(*storage_, name, link);
    remove(name, link);
    ++removed_since_look_;
  }

  void remove(const std::string& name, const TreeLink& link) {
    link.kind == GarbageKind::revision ? ++report_.revisions : ++report_.links;
    on_garbage_({link.kind, name, link.digest.to_string(), 0});
    if (!options_.apply) {
      return;
    }
    if (link.kind == GarbageKind::revision) { // may hold signatures
      storage_->tree().remove_all(link.folder, v2_paths::uploads(name),
                                  v2_paths::link_in(link.folder));
    } else {
      remove_file(link.folder, v2_paths::k_link);
    }
  }

  // --- other writers ---

  /// Returns whether it looked again.
  bool look_again_if_due() {
    const auto requests = look_cost_ + kept_.size() / k_blobs_of_a_request;
    is_look_due_ = is_look_due_ || removed_since_look_ >= std::max(k_batch, requests);
    const bool looks = is_beside_others_ && is_look_due_;
    if (looks) {
      look_again();
    }
    return looks;
  }

  /// Lists the tree again, and chooses anew in repositories that were written to.
  void look_again() {
    const auto before = listed_;
    look_at(storage_->snapshot());
    listed_->walk([&](const V2Storage::Found& found) {
      check_interrupted();
      if (has_news(before->tree(), listed_->tree(), v2_paths::manifests(found.name)) ||
          has_news(before->tree(), listed_->tree(), v2_paths::layers(found.name))) {
        choose(found);
      }
    });
  }

  /// All removed links of a repository, if it is not known what it needs.
  void put_back(const std::string& name, const TreeReach& reach) {
    const auto is_needed = [&](const TreeLink& link) {
      return !reach.why_kept().empty() ||
             (link.kind == GarbageKind::layer ? reach.needs_layer(link.digest)
                                              : reach.manifests().contains(link.digest));
    };
    removed_.put_back(*storage_, listed_->tree(), name, is_needed,
                      [&](const TreeLink& link, const auto& target) {
                        keep(target);
                        link.kind == GarbageKind::revision ? --report_.revisions : --report_.links;
                        ++report_.put_back;
                      });
  }

  // --- blobs ---

  void sweep_blobs() {
    if (!removed_.is_empty()) {
      look_again(); // a push may need one of these links, also where no blob goes
    } else {
      is_look_due_ = true;
    }
    const auto root = v2_paths::blobs(oci::DigestAlgorithm::sha256);
    std::vector<std::string> halves;
    listed_->tree().list(root, [&](const std::string& name) { halves.push_back(name); });
    std::sort(halves.begin(), halves.end());
    for (const auto& half : halves) {
      check_interrupted();
      std::vector<oci::Digest> digests;
      listed_->tree().list(root + "/" + half, [&](const std::string& hex) {
        const auto digest = oci::Digest::find_hex(hex);
        if (digest && hex.starts_with(half) && blobs_->look(*digest).is_there()) {
          digests.push_back(*digest); // what is filed wrongly is for a repair
        }
      });
      std::sort(digests.begin(), digests.end());
      std::for_each(digests.begin(), digests.end(), [&](const auto& digest) { sweep(digest); });
    }
  }

  void sweep(const oci::Digest& digest) {
    const auto folder = v2_paths::blob_folder(digest);
    if (is_kept(digest) || is_young(folder) || (look_again_if_due() && is_kept(digest)) ||
        (is_beside_others_ && grace_.is_young(storage_->tree(), folder))) {
      ++report_.kept_blobs;
      report_.young += is_kept(digest) ? 0 : 1;
      return;
    }
    const auto size_bytes = blobs_->look(digest).size_bytes;
    ++report_.blobs;
    report_.blob_bytes += size_bytes;
    on_garbage_({GarbageKind::blob, {}, digest.to_string(), size_bytes});
    if (options_.apply) {
      // Not moved aside: distribution's collection stops at a file `data` that is filed wrongly.
      remove_file(folder, v2_paths::k_data);
      ++removed_since_look_;
    }
  }

  void remove_file(const std::string& folder, const std::string& name) {
    // In a bucket a folder need not be looked for, and its file goes right after it was looked at.
    const auto opened = is_beside_others_ ? storage_->tree().make_folder(folder)
                                          : storage_->tree().find_folder(folder);
    if (opened) {
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

  [[nodiscard]] bool is_kept(const oci::Digest& digest) const {
    return kept_.contains(PackedId(digest.hex()));
  }

  [[nodiscard]] bool is_young(const std::string& folder) const {
    return grace_.is_young(listed_->tree(), folder);
  }

  std::shared_ptr<V2Storage> storage_; // shared with its user
  const TreeGcOptions& options_;
  const std::function<void(const TreeGarbage&)>& on_garbage_;
  const OnKeptRepository& on_kept_;
  TreeGrace grace_;
  const bool is_beside_others_; ///< whether other processes may write while this one removes
  std::shared_ptr<const V2Storage> listed_; // shared: `storage_` itself, or a snapshot
  std::optional<TreeBlobs> blobs_;          ///< of `listed_`
  std::map<std::string, Chosen> chosen_;    ///< by the names of repositories
  RemovedLinks removed_;                    ///< beside others
  std::size_t removed_since_look_ = 0;
  std::size_t look_cost_ = 0; ///< the manifests that the last look read
  bool is_look_due_ = false;  ///< whatever was removed
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
