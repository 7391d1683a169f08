// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/image_cache.hpp"

#include <utility>

namespace regctl::ops {

namespace {

std::size_t size_of(const V1Image& image) {
  constexpr std::size_t k_overhead = 512; // of maps, strings and lists
  auto bytes = k_overhead + image.json.size();
  for (const auto& candidate : image.json_candidates) {
    bytes += candidate.size();
  }
  return bytes;
}

class CachedRepository final : public V1Repository {
public:
  CachedRepository(V1Repository& repository, ImageCache& cache)
      : repository_(repository), cache_(cache) {}

  [[nodiscard]] std::string describe() const override { return repository_.describe(); }
  V1Tags tags() override { return repository_.tags(); }

  std::optional<std::vector<std::string>> ancestry(const std::string& id) override {
    return repository_.ancestry(id);
  }

  std::optional<V1Image> find_image(const std::string& id) override {
    if (auto known = cache_.find(id)) {
      return known;
    }
    auto image = repository_.find_image(id);
    if (image) {
      cache_.put(*image);
    }
    return image;
  }

  V1Answer look_up(const std::string& id) override {
    if (auto known = cache_.find(id)) {
      return {V1ImageState::complete, std::move(*known)};
    }
    auto answer = repository_.look_up(id);
    if (answer.state == V1ImageState::complete) {
      cache_.put(answer.image);
    }
    return answer;
  }

  std::optional<std::string> json_of(const std::string& id) override {
    auto known = cache_.find(id);
    return known ? std::optional(std::move(known->json)) : repository_.json_of(id);
  }

  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override {
    return repository_.open_layer(image, check);
  }

  std::unique_ptr<V1Push> start_push(const V1PushPlan& plan) override {
    return repository_.start_push(plan);
  }

  void put_tag(const std::string& tag, const std::string& id) override {
    repository_.put_tag(tag, id);
  }
  void remove_tag(const std::string& tag) override { repository_.remove_tag(tag); }
  void remove() override { repository_.remove(); }

private:
  V1Repository& repository_;
  ImageCache& cache_;
};

} // namespace

std::optional<V1Image> ImageCache::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto* found = images_.find(id);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

void ImageCache::put(const V1Image& image) {
  const std::lock_guard lock(mutex_);
  if (!images_.try_emplace(image.id, image).second) {
    return;
  }
  bytes_ += size_of(image);
  while (bytes_ > k_limit_bytes) {
    bytes_ -= size_of(images_.entries().front().second);
    images_.erase_oldest();
  }
}

std::unique_ptr<V1Repository> make_cached_repository(V1Repository& repository, ImageCache& cache) {
  return std::make_unique<CachedRepository>(repository, cache);
}

} // namespace regctl::ops
