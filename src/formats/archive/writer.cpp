// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/diff_id.hpp"
#include "formats/archive/output.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/base/time.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/converted_config.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace regctl {

namespace {

/// The facts about an image that are known after its layer has been written.
struct Written {
  std::string json;
  std::optional<std::string> diff_id; ///< nothing if the layer cannot be unpacked
  bool is_empty = false;
  std::int64_t mtime_s = 0;
};

std::string layer_name(const std::string& id) {
  return id + "/layer.tar";
}

class ArchivePush final : public V1Push {
public:
  ArchivePush(std::unique_ptr<ArchiveOutput> output, V1PushPlan plan)
      : output_(std::move(output)), plan_(std::move(plan)) {
    plan_.layer_sizes.resize(plan_.ids.size());
    for (std::size_t i = 0; i < plan_.ids.size(); ++i) {
      index_[plan_.ids[i]] = i;
      auto& size = plan_.layer_sizes[i];
      if (size == 0) {
        size = make_tar_end().size(); // becomes an empty tar, see open_layer()
      }
    }
    in_order_ =
        !output_->is_positioned() || std::any_of(plan_.layer_sizes.begin(), plan_.layer_sizes.end(),
                                                 [](const auto& size) { return !size; });
    if (!in_order_) {
      compute_places();
    }
  }

  std::optional<V1Image> find_image(const std::string&) override { return std::nullopt; }
  void image_arrived(const std::string&) override {} // this archive has no other writers
  [[nodiscard]] bool can_repeat() const override { return output_->is_positioned(); }

  PutOutcome put_image(const V1Upload& upload) override {
    const auto index = index_.at(upload.image.id);
    auto offset = wait_for_place(index);
    Written written;
    offset = write_layer(upload, plan_.layer_sizes[index], offset, written);
    const std::lock_guard lock(mutex_);
    written_[upload.image.id] = std::move(written);
    if (in_order_) {
      end_ = offset;
      ++next_;
      changed_.notify_all();
    }
    return PutOutcome::stored;
  }

  void abandon(std::exception_ptr reason) noexcept override {
    const std::lock_guard lock(mutex_);
    if (!failure_) {
      failure_ = std::move(reason);
    }
    changed_.notify_all();
  }

  void finish(const std::function<void(const std::string& tag, const std::string& id,
                                       const std::string& where)>&) override {
    auto tail = image_files() + manifest_files() + make_tar_end();
    output_->write_at(end_, as_bytes(tail));
    output_->commit();
  }

private:
  /// Computes the offsets of the layers' entries and of the files after them.
  void compute_places() {
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < plan_.ids.size(); ++i) {
      places_.push_back(offset);
      const auto size = *plan_.layer_sizes[i];
      offset += header(plan_.ids[i], size, 0).size() + size + tar_padding_bytes(size);
    }
    end_ = offset;
  }

  std::uint64_t wait_for_place(std::size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || !in_order_ || next_ == index; });
    if (failure_) {
      rethrow_copy(failure_);
    }
    return in_order_ ? end_ : places_[index];
  }

  static std::string header(const std::string& id, std::uint64_t size_bytes, std::int64_t mtime_s) {
    return make_tar_header({id + "/", 0, mtime_s}) +
           make_tar_header({layer_name(id), size_bytes, mtime_s});
  }

  /// The layer's bytes in the archive, and their number.
  struct Sized {
    std::unique_ptr<Source> bytes;
    std::uint64_t size_bytes = 0;
  };

  /// Engines refuse a layer of 0 bytes: it becomes an empty tar.
  static Sized open_layer(const V1Upload& upload, std::optional<std::uint64_t> planned_bytes) {
    auto layer = upload.layer();
    auto size = upload.image.layer_size_bytes == 0 ? 0 : planned_bytes;
    if (!size) { // the tar header comes first and needs the size
      const auto kept = keep_bytes(*layer);
      layer = kept.open();
      size = kept.size_bytes;
    }
    if (*size > 0) {
      return {std::move(layer), *size};
    }
    drain(*layer); // its end verifies it
    auto empty = make_tar_end();
    const auto bytes = empty.size();
    return {make_text_source(std::move(empty)), bytes};
  }

  /// Returns the offset of the next entry.
  std::uint64_t write_layer(const V1Upload& upload, std::optional<std::uint64_t> planned_bytes,
                            std::uint64_t offset, Written& written) {
    const auto& image = upload.image;
    const auto what = "the layer of image " + short_id(image.id);
    const auto observer = std::make_shared<DiffIdObserver>();
    auto [bytes, size] = open_layer(upload, planned_bytes);
    const auto layer = make_verified_source(make_unpack_tee(std::move(bytes), observer, what),
                                            {size, std::nullopt, ""}, what);
    written.mtime_s = parse_rfc3339(parse_v1_image(image.json).created).value_or(0);
    offset = write(offset, header(image.id, size, written.mtime_s));
    std::vector<std::byte> buffer(k_buffer_bytes);
    while (const auto n = layer->read(buffer)) {
      output_->write_at(offset, std::span(buffer).first(n));
      offset += n;
    }
    offset = write(offset, std::string(tar_padding_bytes(size), '\0'));
    written.json = image.json; // final only after the layer's end: see V1Upload
    written.diff_id = observer->find_diff_id();
    written.is_empty = written.diff_id && observer->is_empty_tar();
    return offset;
  }

  std::uint64_t write(std::uint64_t offset, const std::string& text) {
    output_->write_at(offset, as_bytes(text));
    return offset + text.size();
  }

  static std::string small_file(const std::string& name, const std::string& text,
                                std::int64_t mtime_s) {
    return make_tar_header({name, text.size(), mtime_s}) + text +
           std::string(tar_padding_bytes(text.size()), '\0');
  }

  std::string image_files() const {
    std::string files;
    for (const auto& id : plan_.ids) {
      const auto& image = written_.at(id);
      files += small_file(id + "/VERSION", "1.0", image.mtime_s);
      files += small_file(id + "/json", image.json, image.mtime_s);
    }
    return files;
  }

  /// IDs from the base image up to `id`.
  std::vector<std::string> chain_of(const std::string& id) const {
    std::vector<std::string> chain;
    walk_parents(id, [&](const std::string& next) {
      chain.push_back(next);
      return parse_v1_image(written_.at(next).json).parent;
    });
    std::reverse(chain.begin(), chain.end());
    return chain;
  }

  /// The image's config and its entry in manifest.json.
  struct Manifested {
    std::string config_name;
    std::string config;
    Json entry;
  };

  /// Nothing if a layer of the image cannot be unpacked: its config would need the layer's diff ID.
  /// The v1 folders of the image can still be loaded, and rescued.
  std::optional<Manifested> manifest_of(const std::string& id,
                                        const std::vector<std::string>& names) const {
    std::vector<ConvertedStep> chain;
    auto layers = Json::array();
    for (const auto& member : chain_of(id)) {
      const auto& image = written_.at(member);
      if (!image.diff_id) {
        return std::nullopt;
      }
      chain.push_back({image.json, *image.diff_id, image.is_empty});
      if (!image.is_empty) {
        layers.push_back(layer_name(member));
      }
    }
    auto config = convert_config(chain).bytes;
    auto config_name = sha256_hex(config) + ".json";
    Json entry = {{"Config", config_name}, {"RepoTags", names}, {"Layers", layers}};
    return Manifested{std::move(config_name), std::move(config), std::move(entry)};
  }

  /// The configs, manifest.json and repositories. manifest.json is left out unless it can name
  /// every image, because readers that find one ignore the v1 folders.
  std::string manifest_files() const {
    std::map<std::string, std::vector<std::string>> names_of;
    auto repositories = Json::object();
    for (const auto& [name, id] : plan_.tags) {
      const auto split = split_tag(name);
      const std::string repository(split.name);
      const std::string tag(split.tag.value_or("latest"));
      names_of[id].push_back(repository + ":" + tag);
      repositories[repository][tag] = id;
    }
    std::string files;
    std::set<std::string> configs;
    auto manifest = Json::array();
    for (const auto& [id, names] : names_of) {
      auto image = manifest_of(id, names);
      if (!image) {
        return small_file("repositories", repositories.dump(), 0);
      }
      if (configs.insert(image->config_name).second) {
        files += small_file(image->config_name, image->config, written_.at(id).mtime_s);
      }
      manifest.push_back(std::move(image->entry));
    }
    return files + small_file("manifest.json", manifest.dump(), 0) +
           small_file("repositories", repositories.dump(), 0);
  }

  std::unique_ptr<ArchiveOutput> output_;
  V1PushPlan plan_;
  std::map<std::string, std::size_t> index_; // position in the plan, by ID
  std::vector<std::uint64_t> places_; // offsets of the layers; empty if they are written in order
  bool in_order_ = false;

  std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  std::map<std::string, Written> written_;
  std::size_t next_ = 0;  ///< position in the plan of the next layer to write, if in order
  std::uint64_t end_ = 0; ///< offset of the next layer, or of the files after the layers
  std::exception_ptr failure_;
};

} // namespace

std::unique_ptr<V1Push> start_docker_archive(const std::string& path, const V1PushPlan& plan) {
  return std::make_unique<ArchivePush>(open_archive_output(path), plan);
}

std::unique_ptr<V1Push> start_docker_archive(FileDescriptor& file, const std::string& what,
                                             const V1PushPlan& plan) {
  return std::make_unique<ArchivePush>(make_archive_output(file, what), plan);
}

} // namespace regctl
