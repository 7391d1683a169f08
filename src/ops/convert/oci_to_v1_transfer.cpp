// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/oci_to_v1_transfer.hpp"

#include "ops/convert/derived_layer.hpp"
#include "ops/convert/layer_conversion.hpp"
#include "ops/convert/originals.hpp"
#include "ops/transfer/second_attempt.hpp"
#include "ops/v1/image_mover.hpp"
#include "ops/v1/layer_packing.hpp"

#include <regctl/base/error.hpp>

#include <atomic>
#include <optional>
#include <set>
#include <utility>

namespace regctl::ops {

namespace {

/// Engines of protocol v1 run no chain of so many steps. Source: docker 1.9.1, CheckDepth.
constexpr std::size_t k_too_many_steps = 125;

class OciToV1Transfer final : public Transfer {
public:
  OciToV1Transfer(const BackRoute& route, oci::ManifestName name, std::string tag, OnChain on_chain)
      : route_(route), name_(std::move(name)), tag_(std::move(tag)),
        on_chain_(std::move(on_chain)) {}

  std::vector<Item> items() override {
    image_ = route_.deriver.derive(route_.source, read_manifest_node(route_.source, name_),
                                   route_.platforms);
    find_them();
    return originals_.empty() ? items_of_chain() : items_of_originals();
  }

  Moved move(std::size_t index) override {
    if (mover_) {
      const auto moved = mover_->move(originals_.at(index));
      return {moved.was_there, moved.bytes};
    }
    const auto& step = image_->chain.images.at(index);
    auto& progress = route_.session.progress();
    if (push_->find_image(step.id) && !start_over_if_damaged(route_.whole, *push_, step.id)) {
      progress.skipped(step.id, route_.verb, size_of(step));
      return {true, 0};
    }
    const auto task = progress.begin(step.id, route_.verb, size_of(step));
    try {
      std::atomic<std::uint64_t> bytes = 0; // the destination may read on any thread
      const auto outcome = send_twice_if_damaged(step, task, bytes);
      progress.finish(task);
      return {outcome == PutOutcome::already_there, bytes};
    } catch (...) {
      progress.fail(task);
      throw;
    }
  }

  void moved_elsewhere(std::size_t index) override {
    push_->image_arrived(originals_.empty() ? image_->chain.images.at(index).id
                                            : originals_.at(index).id);
  }

  void abandon(std::exception_ptr reason) noexcept override {
    is_abandoned_ = true;
    if (mover_) {
      mover_->abandon(std::move(reason));
    } else if (push_) { // without it items() has failed, and no call waits
      push_->abandon(std::move(reason));
    }
  }

  void finish() override {
    made_ = MadeChain{originals_.empty() ? image_->top_id() : originals_.back().id, notes()};
    tell();
    push_->finish([&](const std::string&, const std::string& id, const std::string& where) {
      route_.session.progress().tagging(id, where);
    });
  }

  [[nodiscard]] std::shared_ptr<const MadeImage> made() const override { return nullptr; }

  [[nodiscard]] std::optional<MadeChain> made_chain() const override { return made_; }

private:
  using Bytes = std::atomic<std::uint64_t>;

  [[nodiscard]] std::set<std::string> notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

  /// Looks for the v1 images from which the image was made, at the destination first: then only the
  /// tag is to be set.
  void find_them() {
    const auto id = original_id_of(*image_);
    if (!id) {
      return;
    }
    for (auto* store : {&route_.destination, route_.originals}) {
      if (auto found =
              store == nullptr ? std::nullopt : find_originals(route_.session, *store, *image_)) {
        originals_ = *std::move(found);
        holder_ = store;
        return;
      }
    }
    route_.session.progress().note(
        "the image was made from v1 image " + short_id(*id) + ", which is not complete at " +
        route_.destination.describe() +
        (route_.originals == nullptr ? "" : " nor at " + route_.originals->describe()) +
        ": it gets the ID " + short_id(image_->top_id()) + " instead");
  }

  std::vector<Item> items_of_originals() {
    V1PushPlan plan;
    plan.tags[tag_] = originals_.back().id;
    std::vector<Item> items;
    for (const auto& image : originals_) {
      plan.ids.push_back(image.id);
      items.push_back({image.id, image.layer_size_bytes, is_verified(image, how_)});
    }
    how_.verb = route_.verb;
    how_.limits = route_.limits;
    push_ = route_.destination.start_push(plan);
    mover_.emplace(route_.session, *holder_, *push_, how_);
    on_chain_(originals_.back().id);
    return items;
  }

  std::vector<Item> items_of_chain() {
    notes_ = image_->chain.notes;
    on_chain_(image_->top_id());
    V1PushPlan plan;
    plan.tags[tag_] = image_->top_id();
    std::vector<Item> items;
    for (const auto& step : image_->chain.images) {
      plan.ids.push_back(step.id);
      items.push_back({step.id, size_of(step)});
    }
    push_ = route_.destination.start_push(plan);
    return items;
  }

  [[nodiscard]] std::uint64_t size_of(const DerivedV1Image& step) const {
    return step.layer_index ? image_->manifest.layers[*step.layer_index].size_bytes
                            : empty_layer_gzip().size();
  }

  PutOutcome send_twice_if_damaged(const DerivedV1Image& step, Progress::Task task, Bytes& bytes) {
    const auto run = [&](ReadAttempt) { return send(step, task, bytes); };
    return run_twice_if_damaged(run, [&] {
      if (!push_->can_repeat() || is_abandoned_) {
        return false;
      }
      route_.session.progress().note(
          words_for_second_attempt("the layer of image " + short_id(step.id)));
      route_.session.progress().restart(task);
      return true;
    });
  }

  PutOutcome send(const DerivedV1Image& step, Progress::Task task, Bytes& bytes) {
    V1Upload upload;
    upload.image.id = step.id;
    upload.image.json = step.json;
    bool is_repeated = false;
    upload.layer = [&]() -> std::unique_ptr<Source> {
      if (std::exchange(is_repeated, true)) {
        route_.session.progress().restart(task);
      }
      return make_limited_source(open(step, task, bytes), route_.limits);
    };
    return push_->put_image(upload);
  }

  std::unique_ptr<Source> open(const DerivedV1Image& step, Progress::Task task, Bytes& bytes) {
    const auto count = [this, task, &bytes](std::span<const std::byte> piece) {
      bytes += piece.size();
      route_.session.progress().advance(task, piece.size());
    };
    if (!step.layer_index) {
      return make_tap_source(make_text_source(empty_layer_gzip()), count);
    }
    const auto layer = *step.layer_index;
    const auto on_end = [this](const std::set<std::string>& notes) {
      const std::lock_guard lock(mutex_);
      notes_.insert(notes.begin(), notes.end());
    };
    return open_derived_layer(route_.source, image_->manifest.layers[layer],
                              image_->chain.diff_ids[layer], {route_.plain_layers, count, on_end});
  }

  void tell() {
    auto& progress = route_.session.progress();
    const auto what = "image " + short_id(made_->id);
    auto notes = made_->notes;
    if (notes.erase("recompressed") > 0) {
      std::call_once(route_.said.recompression, [&] {
        progress.note("layers of " + unread_compression(Compression::zstd) + ", become gzip");
      });
    }
    if (notes.erase("history-unusable") > 0) {
      progress.note("the history of " + what +
                    " does not account for its layers, so that its steps are without texts");
    }
    std::string repairs;
    for (const auto& note : notes) {
      repairs += (repairs.empty() ? "" : ", ") + note;
    }
    if (!repairs.empty()) {
      progress.note(what + " was put right on its way: " + repairs);
    }
    if (const auto steps = image_->chain.images.size(); steps >= k_too_many_steps) {
      progress.note(what + " has " + std::to_string(steps) + " steps, and engines up to 1.9 run " +
                    "none of more than " + std::to_string(k_too_many_steps - 1));
    }
    if (image_->is_default_platform) {
      std::call_once(route_.said.platform, [&] {
        progress.note("of images for several platforms linux/amd64 is taken; --platform takes "
                      "another");
      });
    }
    if (image_->loses_something) {
      std::call_once(route_.said.loss, [&] {
        progress.note("v1 images have no place for what lies around an image: annotations, other "
                      "platforms, signatures and attestations stay behind");
      });
    }
  }

  const BackRoute& route_;
  oci::ManifestName name_;
  std::string tag_;
  OnChain on_chain_;
  std::optional<DerivedImage> image_;
  std::vector<V1Image> originals_; ///< base first; empty if they are not to be had
  V1Repository* holder_ = nullptr; ///< of them
  ImageCopy how_;                  ///< of them
  std::unique_ptr<V1Push> push_;
  std::optional<ImageMover> mover_; ///< of the originals
  std::atomic<bool> is_abandoned_ = false;
  std::optional<MadeChain> made_; ///< set by finish()
  mutable std::mutex mutex_;      ///< guards the member below
  std::set<std::string> notes_;
};

} // namespace

std::unique_ptr<Transfer> make_oci_to_v1_transfer(const BackRoute& route, oci::ManifestName image,
                                                  std::string tag, OnChain on_chain) {
  return std::make_unique<OciToV1Transfer>(route, std::move(image), std::move(tag),
                                           std::move(on_chain));
}

} // namespace regctl::ops
