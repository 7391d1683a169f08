// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/schema1_repository.hpp"

#include "ops/convert/layer_conversion.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

/// The bytes of a blob, or of a layer without files, as the layer of a v1 image.
class BlobLayer final : public LayerSource {
public:
  BlobLayer(std::unique_ptr<Source> bytes, std::string json)
      : bytes_(std::move(bytes)), json_(std::move(json)) {}

  std::size_t read(std::span<std::byte> out) override { return bytes_->read(out); }
  [[nodiscard]] const std::string& original_json() const override { return json_; }

private:
  std::unique_ptr<Source> bytes_;
  std::string json_;
};

} // namespace

std::string Schema1Repository::key_of(const V1Image& image) const {
  const auto blob = blob_of(image.id);
  return blob ? blob->to_string() : "empty";
}

std::optional<oci::Digest> Schema1Repository::blob_of(const std::string& id) const {
  const auto* step = find(id);
  return step == nullptr || step->is_empty ? std::nullopt : std::optional(step->layer);
}

std::optional<std::vector<std::string>> Schema1Repository::ancestry(const std::string&) {
  std::vector<std::string> ids; // of the top: none of another image is asked for
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    ids.push_back(step->id);
  }
  return ids;
}

std::optional<V1Image> Schema1Repository::find_image(const std::string& id) {
  const auto* step = find(id);
  return step == nullptr ? std::nullopt
                         : std::optional(V1Image{step->id, step->json, std::nullopt, {}, {}});
}

V1Answer Schema1Repository::look_up(const std::string& id) {
  auto image = find_image(id);
  return image ? V1Answer{V1ImageState::complete, *std::move(image)} : V1Answer();
}

std::unique_ptr<LayerSource> Schema1Repository::open_layer(const V1Image& image, LayerCheck) {
  const auto* step = find(image.id);
  if (step == nullptr) {
    throw Error(ErrorKind::not_found, "image " + short_id(image.id) + " is not in the manifest");
  }
  return std::make_unique<BlobLayer>(
      step->is_empty ? make_text_source(empty_layer_gzip()) : open_blob(step->layer), image.json);
}

const Schema1Step* Schema1Repository::find(const std::string& id) const {
  const auto found = std::find_if(steps_.begin(), steps_.end(),
                                  [&](const Schema1Step& step) { return step.id == id; });
  return found == steps_.end() ? nullptr : &*found;
}

std::unique_ptr<Source> Schema1Repository::open_blob(const oci::Digest& digest) {
  const auto size = blobs_.find_blob(digest); // the manifest tells none
  if (!size) {
    throw Error(ErrorKind::not_found,
                "layer " + digest.short_hex() + " is not at " + blobs_.describe());
  }
  return blobs_.open_blob({std::string(oci::k_docker_layer), digest, *size});
}

} // namespace regctl::ops
