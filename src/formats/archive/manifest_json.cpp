// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/manifest_json.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/formats/docker_archive.hpp>

namespace regctl {

namespace {

std::vector<std::string> read_strings(const Json* list) {
  std::vector<std::string> texts;
  if (list != nullptr && list->is_array()) {
    for (const auto& text : *list) {
      if (text.is_string()) {
        texts.push_back(text.get<std::string>());
      }
    }
  }
  return texts;
}

} // namespace

std::vector<ListedImage> read_manifest_json(const ArchiveIndex& index) {
  const auto document = parse_json(index.read("manifest.json"), index.what() + ": manifest.json");
  if (!document.is_array()) {
    index.refuse("manifest.json is not a list");
  }
  std::vector<ListedImage> images;
  for (std::size_t i = 0; i < document.size(); ++i) {
    const auto where = "manifest.json[" + std::to_string(i) + "]";
    const auto config_name = required_string(document[i], "Config", where);
    const auto config = normal_name(config_name);
    if (!config) {
      index.refuse(where + ".Config " + json_quote(config_name) + " leads out of the archive");
    }
    ListedImage image{*config, {}, read_strings(find_member(document[i], "RepoTags"))};
    for (const auto& layer : read_strings(find_member(document[i], "Layers"))) {
      image.layers.push_back(normal_name(layer).value_or(layer));
    }
    images.push_back(std::move(image));
  }
  return images;
}

std::string archive_name_of(const ArchiveIndex& index, const std::string& name) {
  try {
    return archive_name(Reference::parse(name));
  } catch (const Error&) { // its message addresses a user, but this name is the archive's
    index.refuse("an image in it is named " + json_quote(name) + ", which is no name of an image");
  }
}

} // namespace regctl
