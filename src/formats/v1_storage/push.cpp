// SPDX-License-Identifier: Apache-2.0
#include "formats/layer_in_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/difference.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/model/v1/push_progress.hpp>

#include <algorithm>

namespace regctl {

namespace {

/// Time that a copy waits for another writer of the same image: more than any layer takes.
constexpr auto k_patience = std::chrono::hours(24);

using Stage = PushProgress::Stage;

/// A layer that is read from a storage tree.
class TreeLayerSource final : public LayerSource {
public:
  TreeLayerSource(std::unique_ptr<LayerSource> bytes, std::shared_ptr<const LayerAtRest> at_rest)
      : bytes_(std::move(bytes)), at_rest_(std::move(at_rest)) {}

  std::size_t read(std::span<std::byte> out) override { return bytes_->read(out); }
  [[nodiscard]] const std::string& original_json() const override {
    return bytes_->original_json();
  }
  [[nodiscard]] std::shared_ptr<const LayerAtRest> at_rest() const override { return at_rest_; }

private:
  std::unique_ptr<LayerSource> bytes_;
  std::shared_ptr<const LayerAtRest> at_rest_; // shared with the uploads of the layer
};

class StoragePush final : public V1Push {
public:
  StoragePush(std::shared_ptr<V1Storage> storage, std::string name, V1PushPlan plan)
      : storage_(std::move(storage)), name_(std::move(name)), plan_(std::move(plan)),
        progress_(plan_.ids) {}

  std::optional<V1Image> find_image(const std::string& id) override {
    auto there = storage_->find_image(id);
    if (there) {
      progress_.advance(id, Stage::complete);
    }
    return there;
  }

  bool start_over(const std::string& id) override {
    const auto writer = storage_->write_image(id, k_patience);
    if (!writer) {
      throw Error(ErrorKind::unavailable, "another process has been writing it for a day");
    }
    writer->start_over();
    return true;
  }

  void image_arrived(const std::string& id) override { progress_.advance(id, Stage::complete); }
  [[nodiscard]] bool can_repeat() const override { return true; }

  PutOutcome put_image(const V1Upload& upload) override {
    const auto& id = upload.image.id;
    return in_context(
        [&] { return "writing image " + short_id(id) + " to '" + storage_->location() + "'"; },
        [&] {
          const auto parent = parse_v1_image(upload.image.json).parent;
          const auto outcome = store(upload, parent);
          progress_.advance(id, Stage::complete);
          return outcome;
        });
  }

  void abandon(std::exception_ptr reason) noexcept override {
    progress_.abandon(std::move(reason));
  }

  void finish(const std::function<void(const std::string& tag, const std::string& id,
                                       const std::string& where)>& on_tag) override {
    storage_->add_index_images(name_, plan_.ids, {});
    for (const auto& [tag, id] : plan_.tags) {
      on_tag(tag, id,
             "v1-storage:" + storage_->location() + ":" + familiar_name(name_) + ":" + tag);
      storage_->put_tag(name_, tag, id, print_tag_properties({}));
    }
  }

private:
  PutOutcome store(const V1Upload& upload, const std::optional<std::string>& parent) {
    std::string json;
    std::unique_ptr<V1Storage::ImageWriter> writer;
    do {
      writer.reset(); // what it holds would keep out the next one
      writer = start_image(upload);
      if (!writer) {
        return PutOutcome::already_there;
      }
      progress_.wait_for(parent, Stage::json_there);
      json = upload.image.json;
    } while (!put_json(*writer, json, parent));
    progress_.advance(upload.image.id, Stage::json_there);
    store_layer(*writer, upload);
    while (json != upload.image.json) { // that of a source that re-encodes is known only now
      json = upload.image.json;
      if (!put_json(*writer, json, parent)) {
        throw Error(ErrorKind::unavailable, "another process has just written it");
      }
      store_layer(*writer, upload);
    }
    progress_.wait_for(parent, Stage::complete);
    writer->complete();
    return PutOutcome::stored;
  }

  /// Null if another writer has stored the image.
  std::unique_ptr<V1Storage::ImageWriter> start_image(const V1Upload& upload) {
    std::unique_ptr<V1Storage::ImageWriter> writer;
    do {
      writer.reset(); // what it holds would keep out the next one
      writer = storage_->write_image(upload.image.id, k_patience);
      if (!writer) {
        throw Error(ErrorKind::unavailable, "another process has been writing it for a day");
      }
      if (const auto there = storage_->find_image(upload.image.id)) {
        expect_same(*there, upload);
        return nullptr;
      }
    } while (!writer->claim());
    return writer;
  }

  /// False if another process has completed the image meanwhile.
  static bool put_json(V1Storage::ImageWriter& writer, const std::string& json,
                       const std::optional<std::string>& parent) {
    const auto outcome = writer.put_json(json);
    if (outcome == V1Storage::ImageWriter::JsonOutcome::no_parent) {
      throw Error(ErrorKind::not_found,
                  "its parent " + short_id(parent.value_or("")) + " is not there");
    }
    return outcome == V1Storage::ImageWriter::JsonOutcome::stored;
  }

  static void store_layer(V1Storage::ImageWriter& writer, const V1Upload& upload) {
    auto layer = writer.start_layer();
    auto source = upload.layer();
    const auto there = std::dynamic_pointer_cast<const LayerInTree>(upload.at_rest);
    if (there && layer->copy_from(there->file())) {
      try {
        copy_layer(*layer, *source, upload);
        return;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::unsupported && error.kind() != ErrorKind::denied) {
          throw;
        }
      }
      layer = writer.start_layer(); // the service copies nothing for us
      source = upload.layer();
    }
    write_layer(*layer, *source, upload);
    layer->commit();
  }

  static void write_layer(V1Storage::ImageWriter::Layer& layer, Source& source,
                          const V1Upload& upload) {
    pump(source, layer);
    const auto expected = upload.image.layer_size_bytes;
    if (expected && *expected != layer.size_bytes()) {
      throw Error(ErrorKind::integrity, "the layer has " + std::to_string(layer.size_bytes()) +
                                            " bytes instead of " + std::to_string(*expected));
    }
  }

  static void copy_layer(V1Storage::ImageWriter::Layer& layer, Source& source,
                         const V1Upload& upload) {
    if (upload.is_checked) {
      write_layer(layer, source, upload); // which only hashes
      layer.commit();
    } else {
      layer.commit_unread(upload.image.payload_checksums);
    }
  }

  static void expect_same(const V1Image& there, const V1Upload& upload) {
    auto expected = upload.image;
    expected.payload_checksums.clear(); // the layer may be compressed on the way
    if (upload.verified_checksum) {
      expected.payload_checksums.push_back(*upload.verified_checksum);
    }
    if (const auto difference = find_v1_difference(there, expected); !difference.empty()) {
      throw Error(ErrorKind::integrity,
                  "it is there, and another than the one that is copied: " + difference,
                  "another process has written it under the same ID");
    }
  }

  std::shared_ptr<V1Storage> storage_; // shared with the repository
  std::string name_;
  V1PushPlan plan_;
  PushProgress progress_;
};

class StorageRepository final : public V1Repository {
public:
  StorageRepository(std::shared_ptr<V1Storage> storage, std::string name)
      : storage_(std::move(storage)), name_(std::move(name)) {}

  [[nodiscard]] std::string describe() const override {
    return "v1-storage:" + storage_->location() + ":" + familiar_name(name_);
  }

  V1Tags tags() override {
    auto tags = storage_->tags(name_);
    if (!tags) {
      throw Error(ErrorKind::not_found, "there is no repository " + familiar_name(name_) + " in '" +
                                            storage_->location() + "'");
    }
    return std::move(*tags);
  }

  std::optional<std::vector<std::string>> ancestry(const std::string& id) override {
    return storage_->ancestry(id);
  }

  std::optional<V1Image> find_image(const std::string& id) override {
    auto image = storage_->find_image(id);
    if (!image && storage_->image_state(id) == V1ImageState::in_progress) {
      throw Error(ErrorKind::unavailable,
                  "the upload of image " + short_id(id) + " to '" + storage_->location() +
                      "' was never completed",
                  "regctl audit tells whether its layer is whole; pushing it again repairs it");
    }
    return image;
  }

  V1Answer look_up(const std::string& id) override {
    if (auto image = storage_->find_image(id)) {
      return {V1ImageState::complete, std::move(*image)};
    }
    if (storage_->image_state(id) == V1ImageState::absent) {
      return {};
    }
    if (!storage_->is_marked(id)) {
      throw Error(ErrorKind::not_found, "the layer of image " + short_id(id) + " is not in '" +
                                            storage_->location() + "'");
    }
    return {V1ImageState::in_progress, {}};
  }

  std::optional<std::string> json_of(const std::string& id) override {
    return storage_->image_json(id);
  }

  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override {
    std::shared_ptr<const StoredFile> file = storage_->open_layer(image.id);
    if (!file) {
      throw Error(ErrorKind::not_found, "the layer of image " + short_id(image.id) +
                                            " is not in '" + storage_->location() + "'");
    }
    auto what = "layer of image " + short_id(image.id);
    auto bytes = file->open("the " + what + " in '" + storage_->location() + "'");
    auto checked = make_layer_source(std::move(bytes), image, check,
                                     {std::move(what), "v1-storage:" + storage_->location()},
                                     [](const std::string&) {});
    return std::make_unique<TreeLayerSource>(std::move(checked),
                                             std::make_shared<LayerInTree>(std::move(file)));
  }

  std::unique_ptr<V1Push> start_push(const V1PushPlan& plan) override {
    storage_->lock_for_writing();
    return std::make_unique<StoragePush>(storage_, name_, plan);
  }

  void put_tag(const std::string& tag, const std::string& id) override {
    storage_->put_tag(name_, tag, id, print_tag_properties({}));
  }

  void remove_tag(const std::string& tag) override {
    if (!storage_->remove_tag(name_, tag)) {
      throw Error(ErrorKind::not_found, "there is no tag " + describe() + ":" + tag);
    }
  }

  void remove() override {
    if (!storage_->remove_repository(name_)) {
      throw Error(ErrorKind::not_found, "there is no repository " + describe());
    }
  }

private:
  std::shared_ptr<V1Storage> storage_; // shared with pushes
  std::string name_;
};

/// All repositories at once, for reading.
class WholeStorage final : public ReadOnlyV1Repository {
public:
  explicit WholeStorage(std::shared_ptr<V1Storage> storage)
      : storage_(*storage), images_(std::move(storage), "") {}

  [[nodiscard]] std::string describe() const override {
    return "v1-storage:" + storage_.location();
  }

  V1Tags tags() override {
    V1Tags all;
    const auto listed = storage_.snapshot();
    listed->for_each_repository([&](const std::string& name) {
      for (const auto& [tag, id] : listed->tags(name).value_or(V1Tags())) {
        all[familiar_name(name) + ":" + tag] = id;
      }
    });
    return all;
  }

  std::optional<std::vector<std::string>> ancestry(const std::string& id) override {
    return images_.ancestry(id);
  }
  std::optional<V1Image> find_image(const std::string& id) override {
    return images_.find_image(id);
  }
  V1Answer look_up(const std::string& id) override { return images_.look_up(id); }
  std::optional<std::string> json_of(const std::string& id) override { return images_.json_of(id); }
  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override {
    return images_.open_layer(image, check);
  }

private:
  [[nodiscard]] Error refusal() const override {
    return Error(ErrorKind::usage, describe() + " names no repository",
                 "write " + describe() + ":NAME[:TAG]");
  }

  V1Storage& storage_;       // kept alive by images_
  StorageRepository images_; // images are stored once for all repositories
};

} // namespace

std::unique_ptr<V1Repository> V1Storage::repository(const std::string& name) {
  check_name(name);
  return std::make_unique<StorageRepository>(shared_from_this(), full_name(name));
}

std::unique_ptr<V1Repository> V1Storage::all_repositories() {
  return std::make_unique<WholeStorage>(shared_from_this());
}

} // namespace regctl
