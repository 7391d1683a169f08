// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/folders.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/image.hpp>

#include <utility>

namespace regctl {

namespace {

constexpr std::string_view k_json = "/json";
constexpr std::string_view k_layer = "/layer.tar";

/// Whether two folders of one image have the same content: then either may be read.
bool is_same(const ArchiveIndex& index, const V1Folders::Folder& a, const V1Folders::Folder& b) {
  const auto layer_a = index.find(a.layer_name());
  const auto layer_b = index.find(b.layer_name());
  const bool is_one_layer = layer_a && layer_b && layer_a->offset == layer_b->offset;
  return is_one_layer && index.read(a.json_name()) == index.read(b.json_name());
}

} // namespace

V1Folders::V1Folders(const ArchiveIndex& index) {
  for (const auto& json : index.names_ending_with(k_json)) {
    place(index, json.substr(0, json.size() - k_json.size()));
  }
  for (const auto& layer : index.names_ending_with(k_layer)) {
    const auto name = layer.substr(0, layer.size() - k_layer.size());
    if (!index.has(name + std::string(k_json))) {
      unplaced_.push_back({name, "the folder " + json_quote(name) + " has a layer but no json"});
    }
  }
}

const V1Folders::Folder* V1Folders::find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

void V1Folders::place(const ArchiveIndex& index, const std::string& name) {
  const Folder folder{name, ""};
  // Other files called "json" are ignored.
  const bool is_made_like_one =
      is_v1_id(name) || index.has(folder.layer_name()) || index.has(name + "/VERSION");
  try {
    const auto info = parse_v1_image(index.read(folder.json_name()));
    if (is_v1_id(name) && info.id != name) {
      unplaced_.push_back({name, "the folder " + name + " holds the JSON of image " + info.id});
      return;
    }
    place_as(index, info.id, {name, info.parent.value_or("")});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::local_io) {
      throw;
    }
    if (is_made_like_one) {
      unplaced_.push_back({name, "the folder " + json_quote(name) +
                                     " is that of no image that can be told: " + error.message()});
    }
  }
}

void V1Folders::place_as(const ArchiveIndex& index, const std::string& id, Folder folder) {
  const auto [known, is_new] = by_id_.try_emplace(id, folder);
  if (!is_new && !is_same(index, known->second, folder)) {
    unplaced_.push_back({folder.name, "the folders " + json_quote(known->second.name) + " and " +
                                          json_quote(folder.name) + " are both image " + id});
  }
}

} // namespace regctl
