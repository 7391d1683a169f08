// SPDX-License-Identifier: Apache-2.0
#include "ops/places/storage.hpp"
#include "ops/places/unfinished_files.hpp"
#include "ops/v1/image_graph.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/ops/gc.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace regctl::ops {

namespace {

using Index = ImageGraph::Index;

/// How many images are removed before on_image is called for them, and new tags are looked for.
/// Each removal costs several disk writes that must not be reordered.
constexpr std::size_t k_batch = 64;
constexpr auto k_writer_patience = std::chrono::seconds(1);
constexpr auto k_least_grace = std::chrono::hours(1);

class Collection {
public:
  Collection(Session& session, std::shared_ptr<V1Storage> storage, const GcOptions& options,
             const std::function<void(const GcImage&)>& on_image)
      : session_(session), storage_(std::move(storage)), options_(options), on_image_(on_image) {}

  GcReport run() {
    std::unique_ptr<V1Storage::Exclusive> exclusive;
    if (options_.apply) {
      check_grace();
      exclusive = storage_->lock_exclusively();
      if (!exclusive) {
        throw Error(ErrorKind::unavailable,
                    "the storage tree '" + storage_->location() +
                        "' is in use: regctl serve runs on it, or something is pushed to it",
                    "stop the server, or wait for the push, and try again");
      }
    }
    listed_ = storage_->snapshot();
    const auto store = make_audit_store(listed_, std::nullopt);
    graph_.read(session_, *store, {}, std::nullopt);
    refuse_hidden();
    refuse_damage();
    keep_young();
    if (storage_->keeps_out_other_processes() || !options_.apply) {
      remove(choose());
    } else {
      remove_beside_others(choose());
    }
    clean_up();
    if (options_.apply) {
      note_what_stays();
    }
    return report_;
  }

private:
  void note_what_stays() const {
    const bool is_any_removed = report_.images + report_.temporary_files > 0;
    if (const auto note = is_any_removed ? storage_->note_on_removals() : ""; !note.empty()) {
      session_.progress().note(note);
    }
    if (report_.temporary_files > 0 && !storage_->keeps_out_other_processes()) {
      session_.progress().note("a lifecycle rule AbortIncompleteMultipartUpload of the bucket ends "
                               "uploads that were left behind by itself");
    }
  }

  /// In a bucket nothing tells what other processes are about to do with an image: only its age.
  void check_grace() const {
    if (!storage_->keeps_out_other_processes() && options_.grace < k_least_grace) {
      throw Error(ErrorKind::usage,
                  "other writers to " + storage_->location() +
                      " cannot be kept out: images younger than an hour may be theirs",
                  "let --grace be 1h or more");
    }
  }

  /// Refuses to go on if a file cannot be read, since it may protect any image. --force accepts
  /// damage, but not this.
  [[noreturn]] void refuse_hidden(const std::string& what, const std::string& why) const {
    throw Error(ErrorKind::local_io,
                what + " of the storage tree '" + storage_->location() +
                    "' cannot be read, and what it needs is not known: " + why,
                "run it as a user who may read the whole tree; what is broken for good has to be "
                "removed first");
  }

  void refuse_hidden() const {
    for (const auto& tag : graph_.tags()) {
      if (tag.image == ImageGraph::k_none) {
        refuse_hidden_tag(tag);
      }
    }
    for (Index i = 0; i < graph_.images().size(); ++i) {
      const auto& image = graph_.images()[i];
      if (image.is_reached && image.own == Verdict::unreadable) {
        refuse_hidden("image " + short_id(image.id.text()), graph_.detail(i));
      }
      if (image.is_ancestry_hidden) {
        static_cast<void>(read_ancestry(image.id.text()));
      }
    }
  }

  /// A tag's file without an ID is damage. A file that cannot be read, since it leads out of the
  /// tree, may well hold one.
  void refuse_hidden_tag(const ImageGraph::Tag& tag) const {
    const auto& repository = graph_.repositories()[tag.repository];
    try {
      static_cast<void>(listed_->find_tag(repository, tag.name));
    } catch (const Error& error) {
      refuse_hidden("tag " + repository + ":" + tag.name, error.message());
    }
  }

  [[nodiscard]] std::optional<std::vector<std::string>> read_ancestry(const std::string& id) const {
    try {
      return listed_->ancestry(id);
    } catch (const Error& error) {
      refuse_hidden("the ancestry of image " + short_id(id), error.message());
    }
  }

  void refuse_damage() const {
    const auto& tags = graph_.tags();
    const auto damaged = std::count_if(tags.begin(), tags.end(),
                                       [&](const auto& tag) { return graph_.is_damaged(tag); });
    if (damaged > 0 && !options_.force) {
      throw Error(ErrorKind::integrity,
                  "the storage tree '" + storage_->location() +
                      "' is damaged: " + std::to_string(damaged) + " of " +
                      std::to_string(tags.size()) + " tags cannot be pulled as they were pushed",
                  "regctl audit v1-storage:" + storage_->location() +
                      " tells which; --force collects garbage all the same");
    }
  }

  /// The time since the last change of the image. In seconds, since a grace of centuries would
  /// overflow the clock's nanoseconds.
  [[nodiscard]] std::chrono::seconds age_of(const std::string& id,
                                            std::chrono::system_clock::time_point now) const {
    return std::chrono::duration_cast<std::chrono::seconds>(now -
                                                            listed_->last_change(id).value_or(now));
  }

  /// Keeps an image that cannot be read, and all images in its recorded ancestry.
  void keep_hidden(Index index) {
    graph_.keep(index);
    const auto recorded = read_ancestry(graph_.images()[index].id.text());
    for (const auto& id : recorded.value_or(std::vector<std::string>())) {
      graph_.keep(graph_.find(id));
    }
  }

  /// Keeps what other processes may be at work on, with the images below it: uploads that may still
  /// go on, and where others are not kept out, all that is young.
  void keep_young() {
    const auto now = listed_->now();
    for (Index i = 0; i < graph_.images().size(); ++i) {
      const auto& image = graph_.images()[i];
      if (!image.is_there || image.is_reached) {
        continue;
      }
      const auto id = image.id.text();
      if (image.own == Verdict::unreadable) {
        session_.progress().note("image " + short_id(id) + " is kept: " + graph_.detail(i));
        keep_hidden(i);
      } else if (image.own == Verdict::dead_upload) {
        if (listed_->is_remnant(id)) {
          remnants_.insert(i);
        } else if (age_of(id, now) < options_.grace) {
          graph_.keep(i);
          ++report_.young_uploads;
        }
      } else if (!storage_->keeps_out_other_processes() && age_of(id, now) < options_.grace) {
        graph_.keep(i);
        ++report_.young_images;
      }
    }
  }

  /// The images to remove: children before their parents, images of equal depth by ID.
  std::vector<Index> choose() {
    std::vector<Index> chosen;
    const auto& images = graph_.images();
    for (Index i = 0; i < images.size(); ++i) {
      if (images[i].is_there && !images[i].is_reached) {
        chosen.push_back(i);
      } else {
        report_.kept_images += images[i].is_there ? 1 : 0;
      }
    }
    std::sort(chosen.begin(), chosen.end(), [&](Index a, Index b) {
      return images[a].depth != images[b].depth ? images[a].depth > images[b].depth
                                                : images[a].id < images[b].id;
    });
    return chosen;
  }

  /// Only images of equal depth are removed in parallel: none of them is the parent of another.
  void remove(std::vector<Index> chosen) {
    const auto& images = graph_.images();
    for (std::size_t begin = 0; begin < chosen.size();) {
      if (removed_since_look_ >= k_batch) {
        spare(chosen, begin);
      }
      auto end = begin;
      while (end < chosen.size() && end - begin < k_batch &&
             images[chosen[end]].depth == images[chosen[begin]].depth) {
        ++end;
      }
      std::vector<GcImage> removed(end - begin);
      run_parallel(session_.jobs(), removed.size(), [&](std::size_t i) {
        removed[i] = describe(chosen[begin + i]);
        remove(removed[i].id);
      });
      for (const auto& image : removed) {
        ++report_.images;
        report_.layer_bytes += image.layer_size_bytes.value_or(0);
        removed_since_look_ += condemned_.erase(image.id);
        on_image_(image);
      }
      begin = end;
    }
  }

  void remove(const std::string& id) {
    if (!options_.apply) {
      return;
    }
    const auto condemned = condemned_.find(id);
    if (condemned != condemned_.end()) {
      if (!condemned->second->remove()) {
        session_.progress().note("image " + short_id(id) + " is kept: it is being pushed again");
      }
      return;
    }
    const auto writer = storage_->write_image(id, k_writer_patience);
    if (!writer) {
      throw Error(ErrorKind::unavailable, "image " + short_id(id) + " is being written",
                  "try again when its push is done");
    }
    writer->remove();
  }

  /// Without a lock that keeps others out: first all images are marked, so that no further push
  /// builds on them; then those are spared that a tag has come to need until then. Tags are looked
  /// at again as the removal goes on: a server may know for minutes what is no longer so.
  void remove_beside_others(std::vector<Index> chosen) {
    condemn(chosen);
    spare(chosen, 0);
    remove(std::move(chosen));
    condemned_.clear();
  }

  void condemn(const std::vector<Index>& chosen) {
    std::vector<std::unique_ptr<V1Storage::ImageWriter>> writers(chosen.size());
    run_parallel(session_.jobs(), chosen.size(), [&](std::size_t i) {
      const auto id = graph_.images()[chosen[i]].id.text();
      writers[i] = storage_->write_image(id, k_writer_patience);
      if (!writers[i]) {
        throw Error(ErrorKind::unavailable, "image " + short_id(id) + " is being written",
                    "try again when its push is done");
      }
      writers[i]->condemn();
    });
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      condemned_[graph_.images()[chosen[i]].id.text()] = std::move(writers[i]);
    }
  }

  /// Takes the images out of `chosen`, from `begin` on, that tags have come to need.
  void spare(std::vector<Index>& chosen, std::size_t begin) {
    const auto spared = look_at_tags();
    const auto is_spared = [&](Index i) { return spared.contains(graph_.images()[i].id.text()); };
    chosen.erase(std::remove_if(chosen.begin() + static_cast<std::ptrdiff_t>(begin), chosen.end(),
                                is_spared),
                 chosen.end());
    report_.kept_images += spared.size();
    report_.young_images += spared.size();
    removed_since_look_ = 0;
  }

  /// Finds the images that tags have come to need since the tree was listed. Returns those that
  /// were condemned, and no longer are.
  std::set<std::string> look_at_tags() {
    const auto latest = storage_->snapshot_of_tags();
    std::set<std::string> spared;
    latest->for_each_repository([&](const std::string& name) {
      for (const auto& [tag, id] : latest->tags(name).value_or(V1Tags())) {
        if (id && !is_chain_known(*id)) {
          spare_chain(*id, spared);
        }
      }
    });
    return spared;
  }

  /// Whether the graph has all images that a tag of this one needs. One that was missing may have
  /// been pushed since, and needs parents that nothing else does.
  [[nodiscard]] bool is_chain_known(const std::string& id) const {
    const auto index = graph_.find(id);
    if (index == ImageGraph::k_none) {
      return false;
    }
    const auto& image = graph_.images()[index];
    return image.is_there && image.is_reached && !image.is_broken;
  }

  void spare_chain(const std::string& top, std::set<std::string>& spared) {
    const auto chain = storage_->likely_chain(top).value_or(std::vector<std::string>{top});
    for (const auto& id : chain) {
      needed_since_.insert(id);
      const auto condemned = condemned_.find(id);
      if (condemned != condemned_.end() && spared.insert(id).second) {
        condemned->second->reprieve();
        condemned_.erase(condemned);
      }
    }
  }

  [[nodiscard]] GcImage describe(Index index) const {
    const auto& image = graph_.images()[index];
    const auto why = image.own != Verdict::dead_upload ? GcImage::Why::orphan
                     : remnants_.contains(index)       ? GcImage::Why::remnant
                                                       : GcImage::Why::dead_upload;
    // The size of a layer is unknown only for an unreadable image, and those are kept.
    return {image.id.text(), why, ImageGraph::known(image.layer_bytes)};
  }

  void remove_unfinished() {
    UnfinishedFiles unfinished;
    const auto files =
        unfinished.find([&](const auto& on_file) { storage_->for_each_unfinished(on_file); });
    for (const auto& file : files) {
      if (file.started && listed_->now() - *file.started < options_.grace) {
        continue; // its writer may be at work
      }
      if (options_.apply && !unfinished.remove([&] { storage_->remove_unfinished(file); })) {
        break;
      }
      ++report_.temporary_files;
      report_.temporary_bytes += file.size_bytes;
    }
    if (!unfinished.obstacle().empty()) {
      session_.progress().note(unfinished.obstacle());
    }
  }

  void clean_up() {
    remove_unfinished();
    if (!options_.apply) {
      return;
    }
    // These lists name all images ever pushed, and some clients fetch every image in them.
    if (!storage_->keeps_out_other_processes()) {
      look_at_tags();
    }
    for (const auto& repository : graph_.repositories()) {
      storage_->prune_index_images(repository,
                                   [&](const std::string& id) { return is_listed(id); });
    }
  }

  /// Whether an image stays in the lists of images. One in a tag's chain does, with its checksum,
  /// even if it is missing: it may be pushed again.
  [[nodiscard]] bool is_listed(const std::string& id) const {
    const auto image = graph_.find(id);
    if (image == ImageGraph::k_none) { // may have been pushed since the tree was listed
      return !storage_->keeps_out_other_processes() &&
             storage_->image_state(id) != V1ImageState::absent;
    }
    return graph_.images()[image].is_reached || needed_since_.contains(id);
  }

  Session& session_;
  std::shared_ptr<V1Storage> storage_;
  std::shared_ptr<const V1Storage> listed_; ///< as it was found; shared with the audit store
  const GcOptions& options_;
  const std::function<void(const GcImage&)>& on_image_;
  ImageGraph graph_;
  std::set<Index> remnants_; ///< of removals that were interrupted before this one began
  std::map<std::string, std::unique_ptr<V1Storage::ImageWriter>> condemned_; ///< by their IDs
  std::set<std::string> needed_since_; ///< by tags that came after the tree was listed
  std::size_t removed_since_look_ = 0; ///< condemned ones, since spare() looked at the tags
  GcReport report_;
};

} // namespace

std::string_view to_string(GcImage::Why why) noexcept {
  switch (why) {
  case GcImage::Why::orphan:
    return "orphan";
  case GcImage::Why::dead_upload:
    return "dead upload";
  case GcImage::Why::remnant:
    break;
  }
  return "remnant";
}

GcReport collect_garbage(Session& session, const std::string& path, const GcOptions& options,
                         const std::function<void(const GcImage&)>& on_image) {
  return collect_garbage(session, open_storage_tree(session, path), options, on_image);
}

GcReport collect_garbage(Session& session, std::shared_ptr<V1Storage> storage,
                         const GcOptions& options,
                         const std::function<void(const GcImage&)>& on_image) {
  return Collection(session, std::move(storage), options, on_image).run();
}

} // namespace regctl::ops
