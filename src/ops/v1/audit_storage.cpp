// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/audit_store.hpp"
#include "ops/v1/finding_words.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/layer.hpp>

#include <algorithm>

namespace regctl::ops {

namespace {

/// The image in any state; nothing if it has no JSON or no layer.
std::optional<V1Image> whole_image(const V1Storage& storage, const std::string& id) {
  auto json = storage.image_json(id);
  const auto layer = storage.open_layer(id);
  if (!json || !layer) {
    return std::nullopt;
  }
  return V1Image{id, std::move(*json), layer->size_bytes(), storage.checksums(id), {}};
}

OpenLayer opener(const V1Storage& storage, const V1Image& image, const OnBytes& on_bytes) {
  return [&storage, &image, on_bytes](LayerCheck check) -> std::unique_ptr<Source> {
    const auto file = storage.open_layer(image.id);
    if (!file) {
      throw Error(ErrorKind::protocol, "layer: it went away");
    }
    auto counted =
        make_tap_source(file->open("layer"),
                        [on_bytes](std::span<const std::byte> seen) { on_bytes(seen.size()); });
    return make_layer_source(std::move(counted), image, check,
                             {"layer", "v1-storage:" + storage.location()},
                             [](const std::string&) {});
  };
}

/// The judgement for an error with one image.
Judgement to_judgement(const Error& error) {
  switch (error.kind()) {
  case ErrorKind::interrupted:
  case ErrorKind::unsupported:
  case ErrorKind::usage:
    throw error;
  default:
    return {Verdict::unreadable, error.message()};
  }
}

class StorageAudit final : public AuditStore {
public:
  StorageAudit(std::shared_ptr<const V1Storage> storage, std::optional<std::string> repository)
      : storage_(std::move(storage)), repository_(std::move(repository)) {}

  [[nodiscard]] std::string describe() const override {
    return "v1-storage:" + storage_->location();
  }

  [[nodiscard]] bool is_whole() const override { return !repository_; }

  std::vector<std::string> repositories() override {
    if (repository_) {
      return {*repository_};
    }
    std::vector<std::string> names;
    storage_->for_each_repository(
        [&](const std::string& name) { names.push_back(familiar_name(name)); });
    std::sort(names.begin(), names.end());
    return names;
  }

  std::optional<V1Tags> tags(const std::string& repository) override {
    return storage_->tags(repository);
  }

  std::vector<std::string> overwritten_tags(const std::string& repository) override {
    return storage_->overwritten_tags(repository);
  }

  [[nodiscard]] bool has_cheap_lookups() const override { return true; }

  void for_each_image(const std::function<void(const std::string&)>& on_id) override {
    if (!repository_) {
      storage_->for_each_image(on_id);
    }
  }

  ImageFacts look(const std::string&, const std::string& id) override {
    ImageFacts facts;
    try {
      look_at(id, facts);
    } catch (const Error& error) {
      facts.is_there = true;
      facts.own = to_judgement(error);
    }
    return facts;
  }

  RecordedAncestry ancestry(const std::string&, const std::string& id) override {
    try {
      return {storage_->ancestry(id), std::nullopt};
    } catch (const Error& error) {
      auto problem = to_judgement(error);
      problem.verdict = Verdict::ancestry_missing; // the mildest verdict: an ancestry is not needed
                                                   // if the parents can be read
      return {std::nullopt, std::move(problem)};
    }
  }

  Judgement read_layer(const std::string&, const std::string& id, const Judgement& known,
                       const OnBytes& on_bytes) override {
    try {
      if (known.verdict == Verdict::dead_upload) {
        return check_dead(id, on_bytes);
      }
      const auto image = whole_image(*storage_, id);
      auto found = image ? check_layer(*image, opener(*storage_, *image, on_bytes)) : known;
      return found.verdict > known.verdict ? found : known;
    } catch (const Error& error) {
      return to_judgement(error);
    }
  }

  std::optional<std::chrono::system_clock::time_point> last_change(const std::string& id) override {
    return storage_->last_change(id);
  }

private:
  void look_at(const std::string& id, ImageFacts& facts) {
    const auto json = storage_->image_json(id);
    const auto layer = storage_->open_layer(id);
    facts.is_there = json || layer || storage_->last_change(id);
    facts.has_no_layer = !layer;
    if (layer) {
      facts.layer_size_bytes = layer->size_bytes();
    }
    if (!facts.is_there) {
      return;
    }
    if (!json) { // servers treat the image as missing, and a push repairs it
      facts.own = {Verdict::dead_upload, "no JSON"};
      return;
    }
    if (!read_json(id, *json, facts)) {
      return;
    }
    if (storage_->is_marked(id)) {
      facts.own = {Verdict::dead_upload, layer ? k_never_completed : "no layer"};
    } else if (!layer) {
      facts.own.verdict = Verdict::layer_missing;
    } else if (layer->size_bytes() == 0) { // an empty layer costs nothing to check
      const V1Image image{id, *json, 0, storage_->checksums(id), {}};
      facts.own = check_layer(image, opener(*storage_, image, [](std::uint64_t) {}));
    }
    if (facts.own.verdict == Verdict::sound && storage_->has_old_checksum(id)) {
      facts.own.verdict = Verdict::old_checksum;
    }
  }

  Judgement check_dead(const std::string& id, const OnBytes& on_bytes) {
    if (storage_->is_remnant(id)) { // complete or not, it is meant to go
      return {Verdict::dead_upload, "its removal was interrupted"};
    }
    const auto found = check_dead_upload(*storage_, id, on_bytes);
    return {Verdict::dead_upload, found.verdict == Verdict::sound ? k_whole_upload : found.detail};
  }

  static bool read_json(const std::string& id, const std::string& json, ImageFacts& facts) {
    try {
      auto info = parse_v1_image(json);
      if (info.id == id) {
        facts.parent = std::move(info.parent);
        return true;
      }
      facts.own = {Verdict::json_damaged, words_for_other_image(info.id)};
    } catch (const Error& error) {
      facts.own = {Verdict::json_damaged, error.message()};
    }
    return false;
  }

  std::shared_ptr<const V1Storage> storage_; // shared with repair and gc
  std::optional<std::string> repository_;
};

} // namespace

std::unique_ptr<AuditStore> make_audit_store(std::shared_ptr<const V1Storage> storage,
                                             std::optional<std::string> repository) {
  return std::make_unique<StorageAudit>(std::move(storage), std::move(repository));
}

Judgement check_dead_upload(const V1Storage& storage, const std::string& id,
                            const OnBytes& on_bytes) {
  const auto image = whole_image(storage, id);
  if (!image) {
    return {Verdict::layer_missing, storage.image_json(id) ? "no layer" : "no JSON"};
  }
  if (image->payload_checksums.empty()) {
    return {Verdict::dead_upload, "no checksum tells whether it is whole"};
  }
  const auto open = opener(storage, *image, on_bytes);
  auto found = check_layer(*image, open);
  if (found.verdict == Verdict::sound) {
    // The checksum may be a server's own, computed over the bytes received before the connection
    // broke.
    if (auto unpacking = check_unpacking(open(LayerCheck::none));
        unpacking.outcome == Unpacking::Outcome::cut) {
      found = {Verdict::layer_cut, std::move(unpacking.problem)};
    }
  }
  if (found.verdict != Verdict::sound) {
    found.detail = "not whole: " + found.detail;
  }
  return found;
}

} // namespace regctl::ops
