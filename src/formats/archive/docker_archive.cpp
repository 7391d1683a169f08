// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/diff_id.hpp"
#include "formats/archive/docker_graph.hpp"
#include "formats/archive/images.hpp"
#include "formats/archive/open.hpp"
#include "formats/oci_layout/layout_index.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/base/unpack_tee.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/derive.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace regctl {

namespace {

/// A layer of an archive, checked against the digests in the image's config and in the layer's
/// name.
class ArchivedLayer final : public LayerSource {
public:
  ArchivedLayer(std::unique_ptr<Source> bytes, const std::string& json,
                const ArchivedImage* expected, std::string what)
      : bytes_(std::move(bytes)), json_(json), what_(std::move(what)) {
    if (expected == nullptr) {
      return;
    }
    if (expected->digest) {
      bytes_ = make_verified_source(std::move(bytes_),
                                    {std::nullopt, expected->digest->substr(7), ""}, what_);
    }
    if (expected->diff_id) {
      diff_id_ = *expected->diff_id;
      observer_ = std::make_shared<DiffIdObserver>();
      bytes_ = make_unpack_tee(std::move(bytes_), observer_, what_);
    }
  }

  std::size_t read(std::span<std::byte> out) override {
    const auto n = bytes_->read(out);
    if (n == 0 && observer_) {
      const auto found = std::exchange(observer_, nullptr)->diff_id();
      if (found != diff_id_) {
        throw Error(ErrorKind::integrity,
                    what_ + " unpacks to " + found + " instead of " + diff_id_);
      }
    }
    return n;
  }

  [[nodiscard]] const std::string& original_json() const override { return json_; }

private:
  std::unique_ptr<Source> bytes_;
  std::string json_;
  std::string what_;
  std::string diff_id_;
  std::shared_ptr<DiffIdObserver> observer_; // shared with the tee; null once checked
};

class OpenArchive;

/// The archive's images as a repository that cannot be written.
class ArchiveRepository final : public ReadOnlyV1Repository {
public:
  explicit ArchiveRepository(std::shared_ptr<const OpenArchive> archive)
      : archive_(std::move(archive)) {}

  [[nodiscard]] std::string describe() const override;
  V1Tags tags() override;
  std::optional<std::vector<std::string>> ancestry(const std::string& id) override;
  std::optional<V1Image> find_image(const std::string& id) override;
  V1Answer look_up(const std::string& id) override;
  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override;

private:
  std::shared_ptr<const OpenArchive> archive_; // kept open
};

class OpenArchive final : public DockerArchive, public std::enable_shared_from_this<OpenArchive> {
public:
  explicit OpenArchive(std::shared_ptr<const ArchiveIndex> index)
      : index_(std::move(index)), contents_(read_contents(*index_)) {
    refuse_cut();
  }

  [[nodiscard]] const std::vector<Image>& images() const override { return contents_.images; }

  [[nodiscard]] const std::vector<std::string>& notes() const override { return contents_.notes; }

  std::unique_ptr<V1Repository> repository() override {
    return std::make_unique<ArchiveRepository>(shared_from_this());
  }

  [[nodiscard]] const ArchiveIndex& index() const noexcept { return *index_; }

  [[nodiscard]] const ArchivedImage* find(const std::string& id) const {
    const auto found = contents_.v1_images.find(id);
    return found == contents_.v1_images.end() ? nullptr : &found->second;
  }

  /// Why an image of a chain is missing; "" if it is not.
  [[nodiscard]] std::string why_missing(const std::string& id) const {
    const auto found = contents_.missing.find(id);
    return found == contents_.missing.end() ? "" : index_->what() + ": " + found->second;
  }

private:
  /// Images may be missing because the destination has them, and names may be left out. But engines
  /// write the layers first and the names last, so a truncated archive looks the same: only the end
  /// mark tells them apart.
  void refuse_cut() const {
    const bool is_named =
        std::any_of(contents_.images.begin(), contents_.images.end(),
                    [](const Image& image) { return !image.names.empty() || !image.tags.empty(); });
    if (!index_->has_end_mark() && (!contents_.missing.empty() || !is_named)) {
      throw Error(ErrorKind::protocol,
                  index_->what() +
                      " ends without the mark of a tar file's end, and something of its "
                      "images is missing: it was cut",
                  "write it anew");
    }
  }

  std::shared_ptr<const ArchiveIndex> index_; // shared with other views of the archive
  ArchiveContents contents_;
};

std::string ArchiveRepository::describe() const {
  return archive_->index().what();
}

V1Tags ArchiveRepository::tags() {
  V1Tags tags;
  for (const auto& image : archive_->images()) {
    for (const auto& name : image.names) {
      tags[name] = image.id;
    }
    for (const auto& tag : image.tags) {
      tags[":" + tag] = image.id;
    }
    if (image.names.empty() && image.tags.empty()) {
      tags[image.id] = image.id;
    }
  }
  return tags;
}

std::optional<std::vector<std::string>> ArchiveRepository::ancestry(const std::string& id) {
  std::vector<std::string> ids;
  bool is_whole = true;
  const bool has_end = walk_parents(id, [&](const std::string& next) {
    const auto* image = archive_->find(next);
    is_whole = image != nullptr;
    ids.push_back(next);
    return is_whole ? parse_v1_image(image->json).parent : std::nullopt;
  });
  return is_whole && has_end ? std::optional(std::move(ids)) : std::nullopt;
}

std::optional<V1Image> ArchiveRepository::find_image(const std::string& id) {
  auto answer = look_up(id);
  if (answer.state == V1ImageState::complete) {
    return std::move(answer.image);
  }
  if (const auto why = archive_->why_missing(id); !why.empty()) {
    throw Error(ErrorKind::protocol, why);
  }
  return std::nullopt;
}

V1Answer ArchiveRepository::look_up(const std::string& id) {
  const auto* archived = archive_->find(id);
  if (archived == nullptr) {
    return {};
  }
  V1Image image;
  image.id = id;
  image.json = archived->json;
  image.layer_size_bytes = archived->layer ? archive_->index().find(*archived->layer)->size_bytes
                                           : make_tar_end().size();
  return {V1ImageState::complete, std::move(image)};
}

std::unique_ptr<LayerSource> ArchiveRepository::open_layer(const V1Image& image, LayerCheck check) {
  const auto* archived = archive_->find(image.id);
  if (archived == nullptr) {
    throw Error(ErrorKind::not_found, "image " + short_id(image.id) + " is not in " + describe());
  }
  const auto what = "the layer of image " + short_id(image.id) + " in " + describe();
  auto bytes = archived->layer ? archive_->index().open(*archive_->index().find(*archived->layer),
                                                        *archived->layer)
                               : make_text_source(make_tar_end());
  return std::make_unique<ArchivedLayer>(std::move(bytes), image.json,
                                         check == LayerCheck::none ? nullptr : archived, what);
}

class OpenImageArchive final : public ImageArchive {
public:
  explicit OpenImageArchive(ArchiveIndex index)
      : index_(std::make_shared<const ArchiveIndex>(std::move(index))) {}

  bool is_v1_chain(const std::optional<std::string>& name) override {
    const auto wanted = name ? normal_full_name(*name) : std::nullopt;
    const auto is_wanted = [&](const DockerArchive::Image& image) {
      return !name || image.id == *name ||
             std::any_of(image.names.begin(), image.names.end(), [&](const std::string& own) {
               return own == *name || (wanted && normal_full_name(own) == wanted);
             });
    };
    bool is_any = false;
    try {
      for (const auto& image : v1()->images()) {
        if (is_wanted(image) && !image.is_v1_chain) {
          return false;
        }
        is_any = is_any || is_wanted(image);
      }
    } catch (const Error& error) { // no v1 images can be made of what is in it
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::local_io) {
        throw;
      }
      return !index_->has("manifest.json") && !index_->has("index.json");
    }
    return is_any;
  }

  std::shared_ptr<DockerArchive> v1() override {
    const std::lock_guard lock(mutex_);
    if (!v1_) {
      v1_ = std::make_shared<OpenArchive>(index_);
    }
    return v1_;
  }

  std::unique_ptr<OciImages> oci() override { return read_docker_graph(index_); }

private:
  std::shared_ptr<const ArchiveIndex> index_; // shared with the views of it
  std::mutex mutex_;                          ///< guards v1_
  std::shared_ptr<DockerArchive> v1_;
};

} // namespace

std::shared_ptr<ImageArchive> ImageArchive::open(const std::string& path) {
  return std::make_shared<OpenImageArchive>(open_archive(path));
}

std::shared_ptr<ImageArchive> ImageArchive::read(std::unique_ptr<Source> source, std::string what) {
  return std::make_shared<OpenImageArchive>(read_archive(std::move(source), std::move(what)));
}

std::string archive_name(const Reference& image) {
  return image.host == "docker.io" ? image.to_familiar_string() : image.to_string();
}

std::shared_ptr<DockerArchive> DockerArchive::open(const std::string& path) {
  return ImageArchive::open(path)->v1();
}

std::shared_ptr<DockerArchive> DockerArchive::read(std::unique_ptr<Source> source,
                                                   std::string what) {
  return ImageArchive::read(std::move(source), std::move(what))->v1();
}

} // namespace regctl
