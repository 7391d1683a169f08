// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/v1_to_oci_transfer.hpp"

#include "ops/map/verdict.hpp"
#include "ops/v1/chain.hpp"
#include "ops/v1/image_mover.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/derive.hpp>
#include <regctl/model/v1/layer.hpp>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

/// What the keys of items begin with.
constexpr const char* k_item = "v1:";

/// Docker's limit of layers. Source: moby, maxLayerDepth.
constexpr std::size_t k_most_layers = 125;

std::size_t count_blobs(const std::vector<MadeLayer>& layers) {
  return static_cast<std::size_t>(std::count_if(
      layers.begin(), layers.end(), [](const MadeLayer& layer) { return layer.blob.has_value(); }));
}

class V1ToOciTransfer final : public Transfer {
public:
  V1ToOciTransfer(std::shared_ptr<const ConvertRoute> route, ConvertedLayers& layers,
                  std::string id, std::string tag)
      : way_(std::move(route)), route_(*way_), layers_(layers), id_(std::move(id)),
        tag_(std::move(tag)) {}

  std::vector<Item> items() override {
    auto chain = read_chain(route_.session, route_.source, id_, /*jobs=*/1, &ancestry_);
    ImageCopy how;
    how.require_checksum = route_.require_checksum;
    std::vector<Item> items;
    for (auto member = chain.rbegin(); member != chain.rend(); ++member) {
      if (member->info.id != member->image.id) {
        throw Error(ErrorKind::integrity, "the JSON of image " + short_id(member->image.id) +
                                              " of " + route_.source.describe() + " is that of " +
                                              short_id(member->info.id));
      }
      check_provable(route_.source, member->image, how);
      items.push_back({k_item + key_of(member->image), member->image.layer_size_bytes,
                       route_.proves_layers || (route_.check != LayerCheck::none &&
                                                !member->image.payload_checksums.empty())});
      images_.push_back(std::move(member->image));
    }
    return items;
  }

  Moved move(std::size_t index) override {
    throw_if_abandoned();
    return bring(images_.at(index));
  }

  void moved_elsewhere(std::size_t) override {} // finish() looks for the layer

  void abandon(std::exception_ptr reason) noexcept override {
    const std::lock_guard lock(mutex_);
    reason_ = std::move(reason);
  }

  void finish() override {
    throw_if_abandoned();
    std::vector<ConvertedStep> steps;
    std::vector<MadeLayer> made;
    std::set<std::string> notes;
    for (const auto& image : images_) {
      bring(image);
      const auto layer = layers_.find(key_of(image));
      if (!layer) {
        throw Error(ErrorKind::unavailable,
                    "image " + short_id(image.id) + " was forgotten among too many others",
                    "run it again");
      }
      steps.push_back({layer->json.value_or(image.json), layer->diff_id, !layer->blob});
      made.push_back({image.id, payload_sums(image)});
      if (layer->blob) {
        made.back().diff_id = layer->diff_id;
        made.back().blob = layer->blob;
      }
      notes.insert(layer->notes.begin(), layer->notes.end());
    }
    if (count_blobs(made) == 0) {
      keep_one_layer(steps.back(), made.back());
      notes.insert("all-layers-empty");
    }
    const auto config = convert_config(steps, route_.assumed);
    notes.insert(config.notes.begin(), config.notes.end());
    if (!route_.is_silent) {
      tell(notes, count_blobs(made));
    }
    if (ancestry_ != Ancestry::right) { // which is told already
      notes.insert(ancestry_ == Ancestry::missing ? "ancestry-missing" : "ancestry-wrong");
    }
    put_manifest(config.bytes, std::move(made), std::move(notes));
  }

  [[nodiscard]] std::shared_ptr<const MadeImage> made() const override { return made_; }

private:
  [[nodiscard]] std::string key_of(const V1Image& image) const {
    return route_.layer_key ? route_.layer_key(image) : image.id;
  }

  /// Makes sure that the layer is in the destination's repository.
  Moved bring(const V1Image& image) {
    if (const auto known = layers_.find(key_of(image)); known && is_there(*known)) {
      return {true, 0};
    }
    if (const auto known = recall(image); known && is_there(*known)) {
      layers_.add(key_of(image), *known);
      return {true, 0};
    }
    const auto converted = convert_layer(route_, image, [this](const std::string& obstacle) {
      if (layers_.is_new(obstacle)) {
        route_.session.progress().note(
            "layers of " + route_.source.describe() +
            " are copied, and not taken over where they lie: " + obstacle);
      }
    });
    layers_.add(key_of(image), converted.layer);
    if (converted.is_packed_here && !is_gzip_reproducible() && layers_.is_new("gzip")) {
      route_.session.progress().note("this system's zlib compresses in its own way: layers that "
                                     "are compressed anew get other digests than elsewhere");
    }
    if (route_.known.put) {
      route_.known.put(image, converted.layer);
    }
    return {false, converted.bytes};
  }

  /// What an earlier run made of the layer. Without its checksum it has to be read.
  [[nodiscard]] std::optional<ConvertedLayer> recall(const V1Image& image) const {
    return route_.known.find && route_.check == LayerCheck::verify ? route_.known.find(image)
                                                                   : std::nullopt;
  }

  bool has(const oci::Descriptor& blob) {
    return route_.whole ? route_.whole->has(route_.destination, route_.destination_name, blob)
                        : route_.destination.find_blob(blob.digest).has_value();
  }

  bool is_there(const ConvertedLayer& layer) {
    if (!layer.blob) {
      return true;
    }
    const std::lock_guard lock(layers_.one_at_a_time(layer.blob->digest));
    return is_there(*layer.blob);
  }

  bool is_there(const oci::Descriptor& blob) {
    const auto known = route_.places.find(blob.digest);
    if (known == route_.destination_name) {
      return true;
    }
    const bool is_found = (known && route_.destination.mount_blob(blob, *known)) || has(blob) ||
                          (!known && !route_.whole && mount_former(blob));
    if (is_found) {
      route_.places.add(blob.digest, route_.destination_name);
    }
    return is_found;
  }

  /// From a repository that had the blob in an earlier run.
  bool mount_former(const oci::Descriptor& blob) {
    const auto former = route_.places.find_former(blob.digest);
    return former && *former != route_.destination_name &&
           route_.destination.mount_blob(blob, *former);
  }

  /// Registries refuse images without layers: the topmost step keeps an empty one.
  void keep_one_layer(ConvertedStep& top, MadeLayer& made) {
    const auto bytes = empty_layer_gzip();
    top.is_empty = false;
    top.diff_id = std::string(k_empty_tar_diff_id);
    made.diff_id = top.diff_id;
    made.blob =
        put(bytes, route_.form == OciForm::docker ? oci::k_docker_layer : oci::k_oci_layer_gzip);
  }

  oci::Descriptor put(const std::string& bytes, std::string_view media_type) {
    oci::Descriptor blob{.media_type = std::string(media_type),
                         .digest = oci::Digest::of(bytes),
                         .size_bytes = bytes.size()};
    const std::lock_guard lock(layers_.one_at_a_time(blob.digest));
    if (!is_there(blob)) {
      route_.destination.put_blob(
          {blob.digest, blob.size_bytes, [&] { return make_view_source(bytes); }});
      route_.places.add(blob.digest, route_.destination_name);
    }
    return blob;
  }

  void put_manifest(const std::string& config, std::vector<MadeLayer> made,
                    std::set<std::string> notes) {
    const bool is_docker = route_.form == OciForm::docker;
    const auto type = std::string(is_docker ? oci::k_docker_manifest : oci::k_oci_manifest);
    std::vector<oci::Descriptor> layers;
    for (const auto& layer : made) {
      if (layer.blob) {
        layers.push_back(*layer.blob);
      }
    }
    const auto blob = put(config, is_docker ? oci::k_docker_config : oci::k_oci_config);
    const auto document =
        oci::make_document(print_converted_manifest(route_.form, blob, layers, id_), type,
                           std::nullopt, "the converted manifest");
    if (!tag_.empty()) {
      route_.session.progress().tagging(std::string(document.digest.hex()),
                                        route_.destination.describe() + ":" + tag_);
    }
    route_.destination.put_manifest(document, tag_.empty() ? std::nullopt : std::optional(tag_));
    made_ = std::make_shared<const MadeImage>(
        MadeImage{id_, type, document.digest, blob.digest, std::move(notes), std::move(made)});
    if (route_.on_made) {
      route_.on_made(*made_);
    }
  }

  void tell(const std::set<std::string>& notes, std::size_t layers) {
    const auto what = "image " + short_id(id_);
    auto& progress = route_.session.progress();
    std::string repairs;
    for (const auto& note : notes) {
      if (is_repair(note)) {
        repairs += (repairs.empty() ? "" : ", ") + note;
      }
    }
    if (!repairs.empty()) {
      progress.note(what + " was put right on its way: " + repairs);
    }
    if (verdict_of(notes) == "doubtful") {
      progress.note(what + " is doubtful: nothing proves that its layers are whole");
    }
    if (layers > k_most_layers) {
      progress.note(what + " has " + std::to_string(layers) + " layers, and Docker takes no more " +
                    "than " + std::to_string(k_most_layers));
    }
  }

  void throw_if_abandoned() {
    const std::lock_guard lock(mutex_);
    if (reason_) {
      rethrow_copy(reason_);
    }
  }

  const std::shared_ptr<const ConvertRoute> way_;
  const ConvertRoute& route_;
  ConvertedLayers& layers_;
  std::string id_;
  std::string tag_;
  Ancestry ancestry_ = Ancestry::right;
  std::vector<V1Image> images_; // base first
  std::shared_ptr<const MadeImage> made_;
  std::mutex mutex_; ///< guards the member below
  std::exception_ptr reason_;
};

/// The route of a transfer, but into Docker's form. Layers that were converted already and are the
/// same in both forms are known.
ConvertRoute to_docker(const ConvertRoute& route, const ConvertedLayers& in_oci) {
  auto way = route;
  way.form = OciForm::docker;
  way.known.put = {}; // the memory is that of OCI's form
  way.known.find = [&route, &in_oci](const V1Image& image) -> std::optional<ConvertedLayer> {
    auto layer = in_oci.find(route.layer_key ? route.layer_key(image) : image.id);
    if (!layer && route.known.find) {
      layer = route.known.find(image);
    }
    if (layer && layer->blob) {
      if (layer->blob->media_type != oci::k_oci_layer_gzip) {
        return std::nullopt;
      }
      layer->blob->media_type = oci::k_docker_layer;
    }
    return layer;
  };
  return way;
}

} // namespace

void ConvertedLayers::add(const std::string& key, const ConvertedLayer& layer) {
  const std::lock_guard lock(mutex_);
  layers_.put(key, layer);
}

bool ConvertedLayers::is_new(const std::string& fact) {
  const std::lock_guard lock(mutex_);
  return known_.insert(fact).second;
}

std::optional<ConvertedLayer> ConvertedLayers::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto* found = layers_.find(key);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::mutex& ConvertedLayers::one_at_a_time(const oci::Digest& digest) {
  return putting_.of(digest.to_string());
}

std::unique_ptr<Transfer> make_v1_to_oci_transfer(const ConvertRoute& route,
                                                  ConvertedLayers& layers, const std::string& id,
                                                  const std::string& tag) {
  const auto in_first_form = [&route, &layers, id, tag] {
    const std::shared_ptr<const ConvertRoute> way(std::shared_ptr<void>(), &route); // not its owner
    return std::make_unique<V1ToOciTransfer>(way, layers, id, tag);
  };
  if (route.docker == nullptr || route.form == OciForm::docker) {
    return in_first_form();
  }
  return make_transfer_or_instead(
      route.session,
      {in_first_form,
       [&route, &layers, id, tag] {
         const auto way = std::make_shared<const ConvertRoute>(to_docker(route, layers));
         return std::make_unique<V1ToOciTransfer>(way, way->docker->layers, id, tag);
       },
       [&route] {
         route.session.progress().note(route.destination.describe() +
                                       " takes no images in OCI's form: they get Docker's there");
       }},
      route.docker->refused);
}

} // namespace regctl::ops
