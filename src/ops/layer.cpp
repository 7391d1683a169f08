// SPDX-License-Identifier: Apache-2.0
#include "ops/places/open.hpp"
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

struct Chosen {
  std::string id;
  std::unique_ptr<LayerSource> layer;
};

Chosen open_chosen(Session& session, const Place& place, const LayerChoice& choice,
                   LayerCheck check) {
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
  const auto layer = open_chosen(session, place, choice, check).layer;
  TarReader reader(make_decompressed_source(std::make_unique<BorrowedSource>(*layer), what), what);
  while (const auto entry = reader.next()) {
    on_file(*entry);
  }
  drain(*layer); // reads the bytes after the end of the tar, since the check is at their end
}

PutOutcome put_layer(Session& session, const Place& repository, const std::string& json,
                     const OpenSource& layer, std::optional<std::uint64_t> size_bytes) {
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
