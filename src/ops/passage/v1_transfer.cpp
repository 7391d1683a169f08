// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/v1_transfer.hpp"

#include "ops/passage/v1_fact.hpp"
#include "ops/v1/chain.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

class V1Transfer final : public Transfer {
public:
  V1Transfer(const V1Route& route, std::string tag, std::string id)
      : route_(route), tag_(std::move(tag)), id_(std::move(id)) {}

  std::vector<Item> items() override {
    const auto cached = make_cached_repository(route_.source, route_.cache);
    auto chain =
        read_chain(route_.session, *cached, id_, /*jobs=*/1); // the engine has threads enough
    V1PushPlan plan;
    plan.tags[tag_] = id_;
    std::vector<Item> items;
    for (auto member = chain.rbegin(); member != chain.rend(); ++member) {
      auto& image = member->image;
      check_provable(route_.source, image, route_.how);
      route_.facts.put(image.id, V1Fact::of(image, member->info).to_string());
      plan.ids.push_back(image.id);
      plan.layer_sizes.push_back(image.layer_size_bytes);
      items.push_back({image.id, image.layer_size_bytes, is_verified(image, route_.how)});
      images_.push_back(std::move(image));
    }
    push_ = route_.destination.start_push(plan);
    mover_.emplace(route_.session, route_.source, *push_, route_.how);
    return items;
  }

  Moved move(std::size_t index) override {
    const auto moved = mover_->move(images_.at(index));
    return {moved.was_there, moved.bytes};
  }

  void moved_elsewhere(std::size_t index) override { push_->image_arrived(images_.at(index).id); }

  void abandon(std::exception_ptr reason) noexcept override {
    if (mover_) { // without it items() has failed, and no call waits
      mover_->abandon(std::move(reason));
    }
  }

  void finish() override {
    push_->finish([&](const std::string&, const std::string& id, const std::string& where) {
      route_.session.progress().tagging(id, where);
    });
  }

  [[nodiscard]] std::shared_ptr<const MadeImage> made() const override { return nullptr; }

private:
  const V1Route& route_;
  std::string tag_;
  std::string id_;
  std::vector<V1Image> images_; // base first
  std::unique_ptr<V1Push> push_;
  std::optional<ImageMover> mover_;
};

} // namespace

std::unique_ptr<Transfer> make_v1_transfer(const V1Route& route, const std::string& tag,
                                           const std::string& id) {
  return std::make_unique<V1Transfer>(route, tag, id);
}

} // namespace regctl::ops
