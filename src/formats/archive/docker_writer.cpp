// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/blob_writer.hpp"
#include "formats/archive/layer_packer.hpp"
#include "formats/oci_layout/layout_files.hpp"
#include "formats/oci_layout/pending_entries.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace regctl {

namespace {

/// An image in the archive.
struct WrittenImage {
  oci::Descriptor manifest;
  oci::Digest config;
  std::vector<oci::Digest> layers; ///< as they are stored
  bool is_repacked = false;        ///< some layer is not the manifest's
  std::vector<Reference> names;
};

/// "docker.io/library/app:1", as podman writes names in manifest.json, and Docker and containerd in
/// an OCI layout. Docker leaves the host out in manifest.json, and podman takes such a name for one
/// of localhost.
std::string canonical_name(const Reference& name) {
  return name.host + "/" + (name.host == "docker.io" ? full_name(name.name) : name.name) + ":" +
         *name.tag;
}

Reference parse_name(const std::string& text) {
  auto name = Reference::parse(text);
  if (name.digest) {
    throw Error(ErrorKind::usage,
                "an image in a docker-archive has no digest as its name: '" + excerpt(text) + "'");
  }
  name.tag = name.tag_or_latest();
  return name;
}

/// A docker-archive of manifests that is being written.
class DockerArchiveWriter final : public OciImages {
public:
  DockerArchiveWriter(std::unique_ptr<ArchiveOutput> output, std::string what)
      : blobs_(std::move(output), std::move(what)), layers_(blobs_) {}

  [[nodiscard]] std::string describe() const override { return blobs_.what(); }

  void list_tags(const OnTags& on_tags) override { on_tags(oci::tags_of(entries())); }

  std::vector<oci::NamedManifest> entries() override {
    const std::lock_guard lock(mutex_);
    std::vector<oci::NamedManifest> entries;
    for (const auto& image : images_) {
      for (const auto& name : image.names) {
        entries.push_back({image.manifest, archive_name(name), "", archive_name(name)});
      }
      if (image.names.empty()) {
        entries.push_back({image.manifest, "", "", ""});
      }
    }
    return entries;
  }

  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) override {
    const auto wanted = name.digest() ? std::nullopt : std::optional(parse_name(name.to_string()));
    const std::lock_guard lock(mutex_);
    for (const auto& image : images_) {
      if (wanted ? std::count(image.names.begin(), image.names.end(), *wanted) > 0
                 : image.manifest.digest == *name.digest()) {
        return image.manifest;
      }
    }
    return std::nullopt;
  }

  std::optional<oci::Document> read_manifest(const oci::ManifestName& name) override {
    const auto found = find_manifest(name);
    if (!found) {
      return std::nullopt;
    }
    auto bytes =
        read_text(*blobs_.open(found->digest), oci::k_manifest_limit_bytes, name.to_string());
    return oci::Document{found->media_type, found->digest, std::move(bytes)};
  }

  std::optional<std::uint64_t> find_blob(const oci::Digest& digest) override {
    return layers_.find(digest);
  }

  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override {
    return oci::make_verified_source(blobs_.open(blob.digest), blob.digest, blob.size_bytes,
                                     blob.digest.to_string());
  }

  oci::PutBlob put_blob(const oci::BlobUpload& upload) override { return layers_.put(upload); }

  bool mount_blob(const oci::Descriptor& blob, const std::string&) override {
    return layers_.find(blob.digest) == blob.size_bytes;
  }

  void put_manifest(const oci::Document& document, const std::optional<std::string>& tag) override {
    const auto name = tag ? std::optional(parse_name(*tag)) : std::nullopt;
    auto image = describe_image(document);
    blobs_.put(
        {document.digest, document.bytes.size(), [&] { return make_view_source(document.bytes); }});
    const std::lock_guard lock(mutex_);
    if (name) {
      for (auto& other : images_) {
        std::erase(other.names, *name);
      }
    }
    auto place = std::find_if(images_.begin(), images_.end(), [&](const WrittenImage& other) {
      return other.manifest.digest == document.digest;
    });
    if (place == images_.end()) {
      place = images_.insert(place, std::move(image));
    }
    if (name) {
      place->names.push_back(*name);
    }
  }

  void remove_manifest(const oci::Digest& digest) override {
    const std::lock_guard lock(mutex_);
    if (std::erase_if(images_, [&](const WrittenImage& image) {
          return image.manifest.digest == digest;
        }) == 0) {
      throw Error(ErrorKind::not_found, describe() + " has no image " + digest.to_string());
    }
  }

  void remove_tag(const std::string& tag) override {
    const auto name = parse_name(tag);
    const std::lock_guard lock(mutex_);
    for (auto& image : images_) {
      if (std::erase(image.names, name) > 0) {
        return;
      }
    }
    throw Error(ErrorKind::not_found, describe() + " has no image '" + excerpt(tag) + "'");
  }

  void remove() override {
    const std::lock_guard lock(mutex_);
    images_.clear();
  }

  std::vector<oci::Descriptor> referrers(const oci::Digest&, oci::ReferrersTag) override {
    return {};
  }

  /// The OCI layout beside manifest.json keeps the digests of the manifests. Engines that read it
  /// do not read manifest.json, so that it has to have all images, or is left out.
  void finish() override {
    const bool has_layout =
        std::none_of(images_.begin(), images_.end(),
                     [](const WrittenImage& image) { return image.is_repacked; });
    if (has_layout) {
      blobs_.add_file("index.json", print_index());
    }
    blobs_.add_file("manifest.json", print_manifest_json());
    if (has_layout) {
      blobs_.add_file("oci-layout", std::string(k_layout_version));
    }
    blobs_.finish();
  }

private:
  /// Throws for whatever Docker's engine would not load as an image.
  WrittenImage describe_image(const oci::Document& document) const {
    static_cast<void>(make_entry(document, describe()));
    const auto what = "the manifest " + document.digest.to_string();
    const auto manifest = oci::Manifest::parse(document.bytes, document.media_type, what);
    if (manifest.kind == oci::Manifest::Kind::index) {
      throw Error(ErrorKind::usage,
                  what + " is an index, but an image in a docker-archive has one platform",
                  "choose one with --platform, or write to oci-archive:");
    }
    if (!manifest.config || !oci::is_image_config(manifest.config->media_type) ||
        std::any_of(manifest.layers.begin(), manifest.layers.end(), [](const auto& layer) {
          return !oci::is_layer(layer.media_type) && !oci::is_foreign_layer(layer.media_type);
        })) {
      throw Error(ErrorKind::unsupported,
                  what + " is no image, as a docker-archive holds, but an artifact",
                  "write to oci-archive:");
    }
    WrittenImage image{.manifest = document.descriptor(),
                       .config = stored(*manifest.config, what),
                       .layers = {},
                       .is_repacked = false,
                       .names = {}};
    for (const auto& layer : manifest.layers) {
      image.layers.push_back(stored(layer, what));
      image.is_repacked |= image.layers.back() != layer.digest;
    }
    return image;
  }

  oci::Digest stored(const oci::Descriptor& blob, const std::string& what) const {
    if (const auto digest = layers_.stored_as(blob.digest)) {
      return *digest;
    }
    throw Error(ErrorKind::unsupported,
                "the blob " + blob.digest.to_string() + " of " + what +
                    " was not copied, and no engine loads an image without all of its layers",
                blob.urls.empty() ? "" : "it is a foreign layer, which its makers offer elsewhere");
  }

  std::string print_manifest_json() const {
    auto list = Json::array();
    for (const auto& image : images_) {
      Json names = nullptr; // as engines write it for an image without a name
      for (const auto& name : image.names) {
        names.push_back(canonical_name(name));
      }
      auto layers = Json::array();
      for (const auto& layer : image.layers) {
        layers.push_back(blob_path(layer));
      }
      list.push_back({{"Config", blob_path(image.config)},
                      {"RepoTags", std::move(names)},
                      {"Layers", std::move(layers)}});
    }
    return list.dump();
  }

  std::string print_index() const {
    auto list = Json::array();
    for (const auto& image : images_) {
      for (const auto& name : image.names) {
        auto entry = image.manifest;
        entry.annotations[std::string(oci::k_image_name_annotation)] = canonical_name(name);
        entry.annotations[std::string(oci::k_ref_name_annotation)] = *name.tag;
        list.push_back(entry.to_json());
      }
      if (image.names.empty()) {
        list.push_back(image.manifest.to_json());
      }
    }
    return Json{{"schemaVersion", 2}, {"mediaType", oci::k_oci_index}, {"manifests", list}}.dump();
  }

  BlobWriter blobs_;
  LayerPacker layers_;
  std::mutex mutex_;                 ///< guards images_
  std::vector<WrittenImage> images_; ///< in the order of their putting
};

} // namespace

std::unique_ptr<OciImages> start_docker_archive(const std::string& path) {
  return std::make_unique<DockerArchiveWriter>(open_archive_output(path),
                                               archive_output_name(path));
}

std::unique_ptr<OciImages> start_docker_archive(FileDescriptor& file, const std::string& what) {
  return std::make_unique<DockerArchiveWriter>(make_archive_output(file, what), what);
}

} // namespace regctl
