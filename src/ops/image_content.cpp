// SPDX-License-Identifier: Apache-2.0
#include "ops/image_content.hpp"

#include "ops/flatten/file_record.hpp"
#include "ops/flatten/layer_files.hpp"
#include "ops/oci/manifest_tree.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/model/v1/converted_config.hpp>

#include <map>
#include <utility>

namespace regctl::ops {

namespace {

void check_comparable(const oci::Manifest& image, const std::string& what) {
  if (image.kind == oci::Manifest::Kind::schema1 || !image.config) {
    throw Error(ErrorKind::unsupported, what + " is a manifest of schema 1, which has no config");
  }
  check_has_files(image, what);
}

ImageHandle open_v1_place(Session& session, const Place& place,
                          const std::optional<oci::Platform>& platform) {
  if (platform) {
    session.progress().note(place.to_string() +
                            " is an image of protocol v1, which is for one platform");
  }
  const std::shared_ptr<V1Repository> repository = open_repository(session, place);
  const auto selected = select_images(*repository, place, Select::one).front();
  auto image = open_v1_image(session, *repository, selected.id);
  image.keeps_open = repository;
  return image;
}

ImageHandle open_oci_place(Session& session, const Place& place,
                           const std::optional<oci::Platform>& platform) {
  auto from = std::make_shared<OciPlace>(open_oci(session, place, Use::read));
  auto& repository = *from->repository;
  const auto selected = select_oci_image(*from);
  auto document = repository.read_manifest(selected.name);
  if (!document) {
    throw_no_oci_image(repository, selected.name);
  }
  auto root = to_node(*std::move(document), repository.describe());
  std::vector<oci::Platform> platforms;
  if (platform) {
    platforms = {*platform};
  } else if (root.manifest.kind == oci::Manifest::Kind::index) {
    platforms = {oci::Platform::host()};
  }
  const auto node = narrow(repository, std::move(root), platforms);
  check_comparable(node.manifest, place.to_string());
  auto image = open_oci_image(repository, node.manifest, node.document.digest.to_string());
  image.keeps_open = from;
  return image;
}

/// Reads layers once each, whoever has them.
class LayerReading {
public:
  explicit LayerReading(Session& session) : session_(session) {}

  /// Returns where the layer's content will be.
  std::size_t add(const LayerHandle& layer) {
    if (layer.is_named_by_content) {
      const auto [known, is_new] = numbers_.emplace(layer.name, layers_.size());
      if (!is_new) {
        return known->second;
      }
    }
    layers_.push_back(&layer);
    return layers_.size() - 1;
  }

  void run() {
    SizeSum sizes;
    for (const auto* layer : layers_) {
      sizes.add(layer->size_bytes);
    }
    session_.progress().expect(layers_.size(), sizes);
    contents_.resize(layers_.size());
    run_parallel(session_.jobs(), layers_.size(),
                 [&](std::size_t i) { contents_[i] = read(*layers_[i]); });
  }

  [[nodiscard]] const LayerContent& content(std::size_t number) const {
    return contents_.at(number);
  }
  [[nodiscard]] const std::shared_ptr<RecordFile>& file() const noexcept { return file_; }

private:
  LayerContent read(const LayerHandle& layer) {
    auto& progress = session_.progress();
    const auto task = progress.begin(layer.name, Progress::Verb::reading, layer.size_bytes);
    try {
      const auto source =
          make_tap_source(layer.open(), [&](auto piece) { progress.advance(task, piece.size()); });
      auto content = read_layer_content(*source, layer.what, file_);
      progress.finish(task);
      return content;
    } catch (...) {
      progress.fail(task);
      throw;
    }
  }

  Session& session_;
  std::shared_ptr<RecordFile> file_ = std::make_shared<RecordFile>();
  std::map<std::string, std::size_t> numbers_;
  std::vector<const LayerHandle*> layers_;
  std::vector<LayerContent> contents_;
};

std::string config_of(const ImageHandle& image, const std::vector<LayerSummary>& layers) {
  if (image.jsons.empty()) {
    return image.config;
  }
  std::vector<ConvertedStep> steps;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    steps.push_back({image.jsons.at(i), layers[i].diff_id, layers[i].is_blank});
  }
  return convert_config(steps).bytes;
}

ImageContent to_content(const ImageHandle& image, const std::vector<std::size_t>& numbers,
                        const LayerReading& reading) {
  ImageContent content;
  std::vector<SortedRecords> files;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto& found = reading.content(numbers[i]);
    content.layers.push_back({image.layers[i], found.diff_id, found.is_blank});
    files.push_back(found.files);
  }
  content.config = config_of(image, content.layers);
  content.files = make_image_files(files, reading.file());
  return content;
}

} // namespace

ImageHandle open_v1_image(Session& session, V1Repository& repository, const std::string& id) {
  auto chain = read_chain(session, repository, id);
  ImageHandle image;
  image.identity = id;
  for (auto member = chain.rbegin(); member != chain.rend(); ++member) {
    image.jsons.push_back(member->image.json);
    LayerHandle layer;
    layer.name = member->image.id;
    layer.size_bytes = member->image.layer_size_bytes;
    layer.what = "layer " + short_id(member->image.id);
    layer.open = [&repository, step = std::move(member->image)]() -> std::unique_ptr<Source> {
      return repository.open_layer(step, LayerCheck::verify);
    };
    image.layers.push_back(std::move(layer));
  }
  return image;
}

ImageHandle open_oci_image(OciRepository& repository, const oci::Manifest& manifest,
                           const std::string& digest) {
  check_comparable(manifest, digest + " of " + repository.describe());
  ImageHandle image;
  image.identity = digest;
  image.config = read_config(repository, manifest);
  for (const auto& blob : manifest.layers) {
    LayerHandle layer;
    layer.name = blob.digest.to_string();
    layer.size_bytes = blob.size_bytes;
    layer.what = "layer " + blob.digest.short_hex();
    layer.open = [&repository, blob] { return repository.open_blob(blob); };
    layer.is_named_by_content = true;
    image.layers.push_back(std::move(layer));
  }
  return image;
}

ImageHandle open_image(Session& session, const Place& place,
                       const std::optional<oci::Platform>& platform) {
  return holds_oci_alone(session, place) ? open_oci_place(session, place, platform)
                                         : open_v1_place(session, place, platform);
}

ContentPair read_contents(Session& session, const ImageHandle& a, const ImageHandle& b) {
  LayerReading reading(session);
  const auto add = [&](const ImageHandle& image) {
    std::vector<std::size_t> numbers;
    for (const auto& layer : image.layers) {
      numbers.push_back(reading.add(layer));
    }
    return numbers;
  };
  const auto of_a = add(a);
  const auto of_b = add(b);
  reading.run();
  return {to_content(a, of_a, reading), to_content(b, of_b, reading)};
}

std::uint64_t
compare_files(const ImageFiles& a, const ImageFiles& b,
              const std::function<void(const FileEntry* of_a, const FileEntry* of_b)>& on_path) {
  ImageFilesReader reader_a(a);
  ImageFilesReader reader_b(b);
  auto of_a = reader_a.next();
  auto of_b = reader_b.next();
  std::uint64_t same = 0;
  while (of_a || of_b) {
    const auto order = !of_b ? -1 : !of_a ? 1 : to_key(of_a->path).compare(to_key(of_b->path));
    if (order != 0 || *of_a != *of_b) {
      on_path(order <= 0 ? &*of_a : nullptr, order >= 0 ? &*of_b : nullptr);
    } else {
      ++same;
    }
    if (order <= 0) {
      of_a = reader_a.next();
    }
    if (order >= 0) {
      of_b = reader_b.next();
    }
  }
  return same;
}

} // namespace regctl::ops
