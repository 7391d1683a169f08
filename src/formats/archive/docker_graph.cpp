// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/docker_graph.hpp"

#include "formats/archive/described_layer.hpp"
#include "formats/archive/layout_images.hpp"
#include "formats/archive/layout_in_archive.hpp"
#include "formats/archive/manifest_json.hpp"
#include "formats/oci_layout/read_only_layout.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <map>
#include <utility>
#include <vector>

namespace regctl {

namespace {

/// A small file that is made here.
class TextFile final : public StoredFile {
public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return text_.size(); }
  [[nodiscard]] std::string version() const override { return "made"; }
  [[nodiscard]] std::unique_ptr<Source> open_part(std::uint64_t offset, std::uint64_t size_bytes,
                                                  std::string) const override {
    return make_text_source(text_.substr(offset, size_bytes));
  }

private:
  std::string text_;
};

/// The blobs of the archive by their digests, wherever they lie in it, and manifests that are made
/// of manifest.json. Immutable once all are added.
class GraphFiles final : public LayoutFiles {
public:
  explicit GraphFiles(std::shared_ptr<const ArchiveIndex> index)
      : index_(std::move(index)), layout_(index_) {}

  void add_text(const oci::Digest& digest, std::string text) {
    texts_.insert_or_assign(blob_path(digest), std::move(text));
  }
  void add_layer(const DescribedLayer& layer) {
    layers_.insert_or_assign(blob_path(layer.descriptor.digest), layer);
  }
  void add_file(const oci::Digest& digest, std::string name) {
    names_.insert_or_assign(blob_path(digest), std::move(name));
  }

  [[nodiscard]] const LayoutInArchive& layout() const noexcept { return layout_; }

  [[nodiscard]] const std::string& what() const noexcept override { return index_->what(); }

  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& name) const override {
    if (const auto text = texts_.find(name); text != texts_.end()) {
      return std::make_unique<TextFile>(text->second);
    }
    if (const auto layer = layers_.find(name); layer != layers_.end()) {
      return open_described_layer(index_, layer->second);
    }
    const auto file = names_.find(name);
    return layout_.find_file(file == names_.end() ? name : file->second);
  }

private:
  std::shared_ptr<const ArchiveIndex> index_;
  LayoutInArchive layout_;
  std::map<std::string, std::string> texts_;     ///< by path in a layout
  std::map<std::string, DescribedLayer> layers_; ///< by path in a layout
  std::map<std::string, std::string> names_;     ///< entries of the archive, by path in a layout
};

class GraphReader {
public:
  explicit GraphReader(const std::shared_ptr<const ArchiveIndex>& index)
      : index_(*index), files_(std::make_unique<GraphFiles>(index)), layout_(files_->layout()) {}

  std::unique_ptr<OciImages> run() {
    for (const auto& image : read_manifest_json(index_)) {
      in_context([&] { return "reading " + image.config + " of " + index_.what(); },
                 [&] { add(image); });
    }
    LayoutIndex index(std::move(entries_), index_.what());
    return std::make_unique<ReadOnlyLayout>(std::move(files_), std::move(index));
  }

private:
  void add(const ListedImage& image) {
    const auto bytes = index_.read(image.config);
    const auto config = oci::Digest::of(bytes);
    if (const auto promised = digest_in_name(image.config); promised && *promised != config) {
      throw Error(ErrorKind::integrity,
                  index_.what() + ": " + image.config + " does not hash to its name");
    }
    const auto found = layout_.find(config, image.names);
    std::optional<oci::Descriptor> made;
    const auto manifest_for = [&](const std::optional<oci::Descriptor>& whole) {
      if (!whole && !made) {
        made = make_manifest(image, config, bytes);
      }
      auto manifest = whole ? *whole : *made;
      if (!oci::is_index(manifest.media_type)) {
        manifest.platform = oci::Config::parse(bytes, image.config).platform;
      }
      manifest.annotations.clear();
      return manifest;
    };
    if (image.names.empty() && !found.empty()) { // engines and containerd keep names there
      for (const auto& one : found) {
        entries_.push_back(
            {manifest_for(one.whole), "", one.entry->ref_name, one.entry->full_name});
      }
      return;
    }
    const auto manifest = manifest_for(found.empty() ? std::nullopt : found.front().whole);
    if (image.names.empty()) {
      entries_.push_back({manifest, "", "", ""});
    }
    for (const auto& name : image.names) {
      entries_.push_back({manifest, "", "", archive_name_of(index_, name)});
    }
  }

  /// The manifest of an image that has none: the config as it is, and its layers as they are
  /// stored.
  oci::Descriptor make_manifest(const ListedImage& image, const oci::Digest& config_digest,
                                const std::string& bytes) {
    const auto config = oci::Config::parse(bytes, image.config);
    if (config.diff_ids.size() != image.layers.size()) {
      throw Error(ErrorKind::protocol, index_.what() + ": " + image.config + " tells of " +
                                           std::to_string(config.diff_ids.size()) + " layers, " +
                                           std::to_string(image.layers.size()) + " are listed");
    }
    files_->add_file(config_digest, image.config);
    auto layers = Json::array();
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
      const auto& layer = describe(image.layers[i], config.diff_ids[i]);
      files_->add_layer(layer);
      layers.push_back(layer.descriptor.to_json());
    }
    const oci::Descriptor config_descriptor{std::string(oci::k_oci_config), config_digest,
                                            bytes.size()};
    const Json document = {{"schemaVersion", 2},
                           {"mediaType", oci::k_oci_manifest},
                           {"config", config_descriptor.to_json()},
                           {"layers", std::move(layers)}};
    auto text = document.dump();
    const oci::Descriptor manifest{std::string(oci::k_oci_manifest), oci::Digest::of(text),
                                   text.size()};
    files_->add_text(manifest.digest, std::move(text));
    return manifest;
  }

  /// Images share layers: each is looked at once.
  const DescribedLayer& describe(const std::string& name, const oci::Digest& diff_id) {
    const auto key = name + "\n" + diff_id.to_string();
    const auto known = described_.find(key);
    return known != described_.end()
               ? known->second
               : described_.emplace(key, describe_layer(index_, name, diff_id)).first->second;
  }

  const ArchiveIndex& index_; // kept by files_
  std::unique_ptr<GraphFiles> files_;
  LayoutImages layout_;
  std::map<std::string, DescribedLayer> described_; ///< by name and diff ID
  std::vector<oci::NamedManifest> entries_;
};

} // namespace

std::unique_ptr<OciImages> read_docker_graph(const std::shared_ptr<const ArchiveIndex>& index) {
  if (index->find("manifest.json")) {
    return GraphReader(index).run();
  }
  auto files = std::make_unique<LayoutInArchive>(index);
  auto entries = files->find_file("index.json") ? read_layout_index(*files)
                                                : LayoutIndex({}, index->what()); // v1 folders
  return std::make_unique<ReadOnlyLayout>(std::move(files), std::move(entries));
}

} // namespace regctl
