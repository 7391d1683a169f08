// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/schema1_image.hpp"

#include "ops/convert/made_image.hpp"
#include "ops/convert/v1_to_oci_transfer.hpp"
#include "ops/transfer/move_items.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/schema1.hpp>

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

/// The images of one manifest of schema 1. Each layer is proven by its blob's digest.
class Schema1Repository final : public ReadOnlyV1Repository {
public:
  Schema1Repository(OciRepository& blobs, std::vector<Schema1Step> steps)
      : blobs_(blobs), steps_(std::move(steps)) {}

  [[nodiscard]] std::string describe() const override { return blobs_.describe(); }
  V1Tags tags() override { return {}; }

  std::optional<std::vector<std::string>> ancestry(const std::string&) override {
    std::vector<std::string> ids; // of the top: none of another image is asked for
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      ids.push_back(step->id);
    }
    return ids;
  }

  std::optional<V1Image> find_image(const std::string& id) override {
    const auto* step = find(id);
    return step == nullptr ? std::nullopt
                           : std::optional(V1Image{step->id, step->json, std::nullopt, {}, {}});
  }

  V1Answer look_up(const std::string& id) override {
    auto image = find_image(id);
    return image ? V1Answer{V1Answer::State::complete, *std::move(image)} : V1Answer();
  }

  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck) override {
    const auto* step = find(image.id);
    if (step == nullptr) {
      throw Error(ErrorKind::not_found, "image " + short_id(image.id) + " is not in the manifest");
    }
    return std::make_unique<BlobLayer>(
        step->is_empty ? make_text_source(empty_layer_gzip()) : open_blob(step->layer), image.json);
  }

private:
  [[nodiscard]] const Schema1Step* find(const std::string& id) const {
    const auto found = std::find_if(steps_.begin(), steps_.end(),
                                    [&](const Schema1Step& step) { return step.id == id; });
    return found == steps_.end() ? nullptr : &*found;
  }

  std::unique_ptr<Source> open_blob(const oci::Digest& digest) {
    const auto size = blobs_.find_blob(digest); // the manifest tells none
    if (!size) {
      throw Error(ErrorKind::not_found,
                  "layer " + digest.short_hex() + " is not at " + blobs_.describe());
    }
    return blobs_.open_blob({std::string(oci::k_docker_layer), digest, *size});
  }

  OciRepository& blobs_;
  std::vector<Schema1Step> steps_;
};

bool was_made_of(OciRepository& repository, const oci::Digest& manifest, const std::string& id) {
  const auto document = repository.read_manifest(manifest);
  if (!document) {
    return false;
  }
  return converted_from(
             oci::Manifest::parse(document->bytes, document->media_type, "a manifest")) == id;
}

void tell(const OciRoute& route, const oci::Document& manifest, const Schema1Chain& chain) {
  std::string notes;
  for (const auto& note : chain.notes) {
    notes += (notes.empty() ? ": " : ", ") + note;
  }
  route.session.progress().note("manifest " + manifest.digest.short_hex() +
                                " of Docker's schema 1 is converted" + notes);
}

} // namespace

oci::Digest convert_schema1_image(const OciRoute& route, const oci::Document& manifest,
                                  const std::string& tag, OciForm form,
                                  const std::optional<oci::Descriptor>& there, CopyReport& report) {
  const auto chain = read_schema1_chain(manifest, "manifest " + manifest.digest.short_hex() +
                                                      " of " + route.source.describe());
  const auto id = chain.steps.back().id;
  if (there && form == OciForm::oci && was_made_of(route.destination, there->digest, id)) {
    route.session.progress().note("tag " + tag + " was made from this image already");
    return there->digest;
  }
  tell(route, manifest, chain);
  Schema1Repository source(route.source, chain.steps);
  ConvertRoute way{route.session, source, route.destination, route.destination_name,
                   route.places,  form,   route.verb,        route.limits};
  way.proves_layers = true;
  ConvertedLayers layers;
  const auto transfer = make_v1_to_oci_transfer(way, layers, id, tag);
  const auto moved = move_items(route.session, *transfer);
  report.images_skipped += moved.were_there;
  report.images_copied += moved.copied;
  report.bytes_copied += moved.bytes;
  return transfer->made()->digest;
}

} // namespace regctl::ops
