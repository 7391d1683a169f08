// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/manifest_tree.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/v1/chain.hpp"
#include "ops/v1/layer_packing.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/ops/layer.hpp>
#include <regctl/registry/registries.hpp>

namespace regctl::ops {

namespace {

constexpr std::size_t k_shortest_choice = 4;

/// The image of the chain whose ID begins with `choice`.
V1Image choose(const std::vector<ChainImage>& chain, const LayerChoice& choice) {
  if (!choice) {
    return chain.front().image;
  }
  if (choice->size() < k_shortest_choice) {
    throw Error(ErrorKind::usage, "'" + *choice + "' is too short for an image ID",
                "give at least " + std::to_string(k_shortest_choice) + " digits");
  }
  const V1Image* found = nullptr;
  for (const auto& member : chain) {
    if (member.image.id.starts_with(*choice)) {
      if (found != nullptr) {
        throw Error(ErrorKind::usage, "'" + *choice + "' begins the IDs of several layers",
                    "give more digits");
      }
      found = &member.image;
    }
  }
  if (found == nullptr) {
    throw Error(ErrorKind::not_found,
                "image " + short_id(chain.front().image.id) + " has no layer " + *choice,
                "'regctl layer ls' shows its layers");
  }
  return *found;
}

/// The layer of an OCI image whose digest begins with `choice`.
oci::Descriptor choose(const oci::Manifest& image, const std::string& where,
                       const LayerChoice& choice) {
  if (image.layers.empty()) {
    throw Error(ErrorKind::not_found,
                where + (image.kind == oci::Manifest::Kind::index
                             ? " is an index, which has no layers of its own"
                             : " has no layers"),
                image.kind == oci::Manifest::Kind::index ? "choose an image by its digest" : "");
  }
  if (!choice) {
    return image.layers.back();
  }
  const auto colon = choice->find(':');
  const auto digits = choice->substr(colon == std::string::npos ? 0 : colon + 1);
  if (digits.size() < k_shortest_choice) {
    throw Error(ErrorKind::usage, "'" + *choice + "' is too short for a digest",
                "give at least " + std::to_string(k_shortest_choice) + " digits");
  }
  const oci::Descriptor* found = nullptr;
  for (const auto& layer : image.layers) {
    if (layer.digest.hex().starts_with(digits)) {
      if (found != nullptr && found->digest != layer.digest) {
        throw Error(ErrorKind::usage, "'" + *choice + "' begins the digests of several layers",
                    "give more digits");
      }
      found = &layer;
    }
  }
  if (found == nullptr) {
    throw Error(ErrorKind::not_found, where + " has no layer " + *choice,
                "'regctl layer ls' shows its layers");
  }
  return *found;
}

struct Chosen {
  std::string id;
  std::unique_ptr<Source> layer;
  std::unique_ptr<OciRepository> repository = {}; ///< of an OCI image; outlives the layer
};

Chosen open_chosen_oci(Session& session, const Place& place, const LayerChoice& choice,
                       LayerCheck check) {
  if (check == LayerCheck::none) {
    throw Error(ErrorKind::unsupported, "the layers of OCI images are always verified",
                "leave out --no-verify");
  }
  auto from = open_oci(session, place, Use::read);
  const auto selected = select_oci_image(from);
  auto document = from.repository->read_manifest(selected.name);
  if (!document) {
    throw_no_oci_image(*from.repository, selected.name);
  }
  const auto node = to_node(*std::move(document), from.repository->describe());
  const auto layer = choose(node.manifest, place.to_string(), choice);
  auto source = from.repository->open_blob(layer);
  return {layer.digest.to_string(), std::move(source), std::move(from.repository)};
}

Chosen open_chosen(Session& session, const Place& place, const LayerChoice& choice,
                   LayerCheck check) {
  if (holds_oci_alone(session, place)) {
    return open_chosen_oci(session, place, choice, check);
  }
  const auto repository = open_repository(session, place);
  const auto selected = select_images(*repository, place, Select::one).front();
  const auto image = choose(read_chain(session, *repository, selected.id), choice);
  return {image.id, repository->open_layer(image, check)};
}

} // namespace

std::string get_layer(Session& session, const Place& place, const LayerChoice& choice,
                      LayerCheck check, Sink& sink) {
  const auto chosen = open_chosen(session, place, choice, check);
  pump(*chosen.layer, sink);
  return chosen.id;
}

void list_layer_files(Session& session, const Place& place, const LayerChoice& choice,
                      LayerCheck check, const std::function<void(const TarEntry&)>& on_file) {
  const auto what = "the layer of " + place.to_string();
  const auto chosen = open_chosen(session, place, choice, check);
  const auto& layer = chosen.layer;
  TarReader reader(make_decompressed_source(std::make_unique<BorrowedSource>(*layer), what), what);
  while (const auto entry = reader.next()) {
    on_file(*entry);
  }
  drain(*layer); // reads the bytes after the end of the tar, since the check is at their end
}

PutOutcome put_layer(Session& session, const Place& repository, const std::string& json,
                     const OpenSource& layer, std::optional<std::uint64_t> size_bytes) {
  if (holds_oci_alone(session, repository)) {
    throw Error(ErrorKind::unsupported,
                repository.to_string() + " holds OCI images, which have no layers of their own",
                "'regctl blob put' stores a blob");
  }
  V1Upload upload;
  upload.image.id = parse_v1_image(json).id;
  upload.image.json = json;
  upload.image.layer_size_bytes = size_bytes;
  upload.layer = layer;
  if (const auto found = read_layer_head(layer()).compression; !is_read_by_v1_engines(found)) {
    session.progress().note("the layer is compressed with " + unread_compression(found) +
                            ": it becomes gzip");
    upload.image.layer_size_bytes.reset();
    upload.layer = [&] { return repack_layer(layer(), "the layer"); };
  }
  const auto store = open_repository(session, repository);
  const auto push = store->start_push({{upload.image.id}, {}, {}});
  if (push->find_image(upload.image.id)) {
    return PutOutcome::already_there;
  }
  const auto outcome = push->put_image(upload);
  push->finish([](const auto&, const auto&, const auto&) {});
  return outcome;
}

} // namespace regctl::ops
