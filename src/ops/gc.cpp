// SPDX-License-Identifier: Apache-2.0
#include "ops/places/storage.hpp"
#include "ops/v1/image_graph.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/ops/gc.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace regctl::ops {

namespace {

using Index = ImageGraph::Index;

/// How many images are removed before on_image is called for them. Each removal costs several disk
/// writes that must not be reordered.
constexpr std::size_t k_batch = 64;
constexpr auto k_writer_patience = std::chrono::seconds(1);

class Collection {
public:
  Collection(Session& session, std::shared_ptr<V1Storage> storage, const GcOptions& options,
             const std::function<void(const GcImage&)>& on_image)
      : session_(session), storage_(std::move(storage)), options_(options), on_image_(on_image) {}

  GcReport run() {
    std::unique_ptr<V1Storage::Exclusive> exclusive;
    if (options_.apply) {
      exclusive = storage_->lock_exclusively();
      if (!exclusive) {
        throw Error(ErrorKind::unavailable,
                    "the storage tree '" + storage_->location() +
                        "' is in use: regctl serve runs on it, or something is pushed to it",
                    "stop the server, or wait for the push, and try again");
      }
    }
    const auto store = make_audit_store(storage_, std::nullopt);
    graph_.read(session_, *store, {}, std::nullopt);
    refuse_hidden();
    refuse_damage();
    keep_young_uploads();
    remove(choose());
    clean_up();
    return report_;
  }

private:
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
      static_cast<void>(storage_->find_tag(repository, tag.name));
    } catch (const Error& error) {
      refuse_hidden("tag " + repository + ":" + tag.name, error.message());
    }
  }

  [[nodiscard]] std::optional<std::vector<std::string>> read_ancestry(const std::string& id) const {
    try {
      return storage_->ancestry(id);
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
    return std::chrono::duration_cast<std::chrono::seconds>(
        now - storage_->last_change(id).value_or(now));
  }

  /// Keeps an image that cannot be read, and all images in its recorded ancestry.
  void keep_hidden(Index index) {
    graph_.keep(index);
    const auto recorded = read_ancestry(graph_.images()[index].id.text());
    for (const auto& id : recorded.value_or(std::vector<std::string>())) {
      graph_.keep(graph_.find(id));
    }
  }

  /// Keeps uploads that may still go on, with the images below them.
  void keep_young_uploads() {
    const auto now = std::chrono::system_clock::now();
    for (Index i = 0; i < graph_.images().size(); ++i) {
      const auto& image = graph_.images()[i];
      if (!image.is_there || image.is_reached) {
        continue;
      }
      const auto id = image.id.text();
      if (image.own == Verdict::unreadable) {
        session_.progress().note("image " + short_id(id) + " is kept: " + graph_.detail(i));
        keep_hidden(i);
      } else if (image.own == Verdict::dead_upload && !storage_->is_remnant(id) &&
                 age_of(id, now) < options_.grace) {
        graph_.keep(i);
        ++report_.young_uploads;
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
  void remove(const std::vector<Index>& chosen) {
    const auto& images = graph_.images();
    for (std::size_t begin = 0; begin < chosen.size();) {
      auto end = begin;
      while (end < chosen.size() && end - begin < k_batch &&
             images[chosen[end]].depth == images[chosen[begin]].depth) {
        ++end;
      }
      std::vector<GcImage> removed(end - begin);
      run_parallel(session_.jobs(), removed.size(), [&](std::size_t i) {
        removed[i] = describe(images[chosen[begin + i]]);
        remove(removed[i].id);
      });
      for (const auto& image : removed) {
        ++report_.images;
        report_.layer_bytes += image.layer_size_bytes.value_or(0);
        on_image_(image);
      }
      begin = end;
    }
  }

  void remove(const std::string& id) {
    if (!options_.apply) {
      return;
    }
    const auto writer = storage_->write_image(id, k_writer_patience);
    if (!writer) {
      throw Error(ErrorKind::unavailable, "image " + short_id(id) + " is being written",
                  "try again when its push is done");
    }
    writer->remove();
  }

  [[nodiscard]] GcImage describe(const ImageGraph::Image& image) const {
    const auto id = image.id.text();
    const auto why = image.own != Verdict::dead_upload ? GcImage::Why::orphan
                     : storage_->is_remnant(id)        ? GcImage::Why::remnant
                                                       : GcImage::Why::dead_upload;
    // The size of a layer is unknown only for an unreadable image, and those are kept.
    return {id, why, ImageGraph::known(image.layer_bytes)};
  }

  void clean_up() {
    std::vector<UnfinishedFile> files;
    storage_->for_each_unfinished([&](const auto& file) { files.push_back(file); });
    for (const auto& file : files) {
      ++report_.temporary_files;
      report_.temporary_bytes += file.size_bytes;
      if (options_.apply) {
        storage_->remove_unfinished(file);
      }
    }
    if (!options_.apply) {
      return;
    }
    // These lists name all images ever pushed, and some clients fetch every image in them. An image
    // in a tag's chain stays listed, with its checksum, even if it is missing: it may be pushed
    // again.
    for (const auto& repository : graph_.repositories()) {
      storage_->prune_index_images(repository, [&](const std::string& id) {
        const auto image = graph_.find(id);
        return image != ImageGraph::k_none && graph_.images()[image].is_reached;
      });
    }
  }

  Session& session_;
  std::shared_ptr<V1Storage> storage_; // shared with the audit store
  const GcOptions& options_;
  const std::function<void(const GcImage&)>& on_image_;
  ImageGraph graph_;
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
  return Collection(session, open_storage_tree(session, path), options, on_image).run();
}

} // namespace regctl::ops
