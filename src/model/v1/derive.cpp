// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/derive.hpp>
#include <regctl/model/v1/image.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace regctl {

namespace {

/// The time of an image without one: engines refuse a JSON without `created`.
constexpr std::string_view k_epoch = "1970-01-01T00:00:00Z";

/// Members of a v1 JSON that an image config does not have.
constexpr std::array<std::string_view, 7> k_v1_members = {
    "id", "parent", "parent_id", "layer_id", "Size", "throwaway", "checksum"};

/// Members of a config that a v1 JSON does not have.
constexpr std::array<std::string_view, 4> k_config_members = {"rootfs", "history", "created",
                                                              "author"};

std::vector<std::string> read_diff_ids(const Json& config) {
  const auto* rootfs = find_member(config, "rootfs");
  const auto* list = rootfs == nullptr ? nullptr : find_member(*rootfs, "diff_ids");
  if (list == nullptr || !list->is_array()) {
    throw Error(ErrorKind::protocol, "image config: rootfs.diff_ids is missing");
  }
  std::vector<std::string> ids;
  for (const auto& id : *list) {
    const auto text = id.is_string() ? id.get<std::string>() : std::string();
    if (!is_digest(text)) {
      throw Error(ErrorKind::protocol, "image config: rootfs.diff_ids[" +
                                           std::to_string(ids.size()) +
                                           "] is not 'sha256:' and 64 hex digits");
    }
    ids.push_back(text);
  }
  return ids;
}

bool is_empty_layer(const Json& entry) {
  const auto* flag = find_member(entry, "empty_layer");
  return flag != nullptr && flag->is_boolean() && flag->get<bool>();
}

/// The config's history, or a made-up one if that does not account for every layer.
Json read_history(const Json& config, std::size_t layers) {
  const auto* history = find_member(config, "history");
  std::size_t counted = 0;
  if (history != nullptr && history->is_array()) {
    for (const auto& entry : *history) {
      counted += is_empty_layer(entry) ? 0 : 1;
    }
    if (counted == layers && !history->empty()) {
      return *history;
    }
  }
  auto made_up = Json::array();
  for (std::size_t i = 0; i < layers; ++i) {
    made_up.push_back(Json::object());
  }
  return made_up;
}

/// The v1 JSON of one step without its id.
Json step_json(const Json& config, const Json& entry, const std::string& parent, bool is_top) {
  auto json = Json::object();
  if (!parent.empty()) {
    json["parent"] = parent;
  }
  const auto created = optional_string(is_top ? config : entry, "created");
  json["created"] =
      created ? *created : optional_string(entry, "created").value_or(std::string(k_epoch));
  auto command = Json::array();
  if (const auto text = optional_string(entry, "created_by")) {
    command.push_back(*text);
  }
  json["container_config"] = {{"Cmd", command}};
  for (const char* name : {"author", "comment"}) {
    auto text = optional_string(entry, name);
    if (!text && is_top) {
      text = optional_string(config, name);
    }
    if (text) {
      json[name] = *text;
    }
  }
  if (is_top) {
    const auto of_step = json; // the config's own members are unique: only these can collide
    for (const auto& [name, value] : config.items()) {
      const bool is_config_member = std::find(k_config_members.begin(), k_config_members.end(),
                                              name) != k_config_members.end();
      if (!is_config_member && !of_step.contains(name)) {
        append_member(json, name, value);
      }
    }
  }
  return json;
}

} // namespace

std::vector<DerivedV1Image> derive_v1_chain(std::string_view config) {
  const auto document = parse_json(config, "the image config");
  const auto diff_ids = read_diff_ids(document);
  const auto history = read_history(document, diff_ids.size());
  std::vector<DerivedV1Image> chain;
  std::size_t layer = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto& entry = history[i];
    DerivedV1Image image;
    if (!is_empty_layer(entry)) {
      image.layer_index = layer++;
    }
    const auto parent = chain.empty() ? std::string() : chain.back().id;
    auto json = step_json(document, entry, parent, i + 1 == history.size());
    const auto diff_id = image.layer_index ? diff_ids[*image.layer_index] : std::string("empty");
    image.id = sha256_hex("regctl-v1-image\n" + json.dump() + "\n" + diff_id);
    auto with_id = Json::object({{"id", image.id}});
    for (const auto& [name, value] : json.items()) {
      append_member(with_id, name, value);
    }
    image.json = with_id.dump();
    chain.push_back(std::move(image));
  }
  if (chain.empty()) {
    throw Error(ErrorKind::protocol, "image config: has neither layers nor history");
  }
  return chain;
}

std::string make_image_config(const std::vector<ChainLayer>& chain) {
  if (chain.empty()) {
    throw Error(ErrorKind::protocol, "an image without layers has no config");
  }
  auto config = parse_json(chain.back().json, "the image JSON");
  for (const auto name : k_v1_members) {
    config.erase(std::string(name));
  }
  // Engines expect these three members; old images lack them.
  for (const auto& [name, value] : {std::pair("architecture", "amd64"), std::pair("os", "linux"),
                                    std::pair("created", k_epoch.data())}) {
    if (!optional_string(config, name)) {
      config[name] = value;
    }
  }
  auto diff_ids = Json::array();
  auto history = Json::array();
  for (const auto& layer : chain) {
    const auto info = parse_v1_image(layer.json);
    auto entry = Json::object();
    entry["created"] = info.created.empty() ? std::string(k_epoch) : info.created;
    for (const auto& [name, value] :
         {std::pair("author", info.author), std::pair("created_by", info.created_by),
          std::pair("comment", info.comment)}) {
      if (!value.empty()) {
        entry[name] = value;
      }
    }
    if (layer.is_empty) {
      entry["empty_layer"] = true;
    } else {
      diff_ids.push_back(layer.diff_id);
    }
    history.push_back(std::move(entry));
  }
  config["rootfs"] = {{"type", "layers"}, {"diff_ids", diff_ids}};
  config["history"] = history;
  return config.dump();
}

} // namespace regctl
