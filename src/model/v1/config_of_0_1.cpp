// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/image.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace regctl {

namespace {

/// The time of an image without one.
constexpr std::string_view k_epoch = "1970-01-01T00:00:00Z";

/// Members of a v1 JSON that an image config does not have.
constexpr std::array<std::string_view, 7> k_v1_members = {
    "id", "parent", "parent_id", "layer_id", "Size", "throwaway", "checksum"};

} // namespace

std::string make_config_of_0_1(const std::vector<ConvertedStep>& chain) {
  if (chain.empty()) {
    throw Error(ErrorKind::protocol, "an image without layers has no config");
  }
  auto config = parse_json(chain.back().json, "the image JSON");
  for (const auto name : k_v1_members) {
    config.erase(std::string(name));
  }
  // Old images lack these three members.
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
