// SPDX-License-Identifier: Apache-2.0
#include "model/oci/members.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/config.hpp>

namespace regctl::oci {

namespace {

/// A command line: a list of words, or one text, which old configs have.
std::vector<std::string> words_of(const Json& object, std::string_view name) {
  auto words = texts_of(object, name);
  if (words.empty()) {
    if (auto text = text_of(object, name); !text.empty()) {
      words.push_back(std::move(text));
    }
  }
  return words;
}

HistoryEntry read_entry(const Json& entry) {
  const auto* empty = find_member(entry, "empty_layer");
  return {text_of(entry, "created"), text_of(entry, "created_by"), text_of(entry, "author"),
          text_of(entry, "comment"), empty != nullptr && empty->is_boolean() && empty->get<bool>()};
}

std::vector<Digest> read_diff_ids(const Json& document, const std::string& what) {
  std::vector<Digest> diff_ids;
  const auto* rootfs = find_member(document, "rootfs");
  const auto* list = rootfs == nullptr ? nullptr : find_member(*rootfs, "diff_ids");
  if (list == nullptr) {
    return diff_ids;
  }
  if (!list->is_array()) {
    throw Error(ErrorKind::protocol, what + ": rootfs.diff_ids is no list");
  }
  for (const auto& value : *list) {
    const auto where = what + ": rootfs.diff_ids[" + std::to_string(diff_ids.size()) + "]";
    const auto* text = value.get_ptr<const std::string*>();
    diff_ids.push_back(Digest::parse(text == nullptr ? "" : *text, where));
  }
  return diff_ids;
}

} // namespace

Config Config::parse(std::string_view bytes, const std::string& what) {
  const auto document = parse_json(bytes, what);
  if (!document.is_object()) {
    throw Error(ErrorKind::protocol, what + " is no JSON object");
  }
  Config config;
  config.platform = {text_of(document, "os"), text_of(document, "architecture"),
                     text_of(document, "variant"), text_of(document, "os.version"),
                     texts_of(document, "os.features")};
  config.created = text_of(document, "created");
  config.author = text_of(document, "author");
  if (const auto* run = find_member(document, "config")) {
    config.user = text_of(*run, "User");
    config.working_dir = text_of(*run, "WorkingDir");
    config.stop_signal = text_of(*run, "StopSignal");
    config.entrypoint = words_of(*run, "Entrypoint");
    config.command = words_of(*run, "Cmd");
    config.environment = texts_of(*run, "Env");
    config.exposed_ports = names_of(*run, "ExposedPorts");
    config.volumes = names_of(*run, "Volumes");
    config.labels = pairs_of(*run, "Labels");
  }
  config.diff_ids = read_diff_ids(document, what);
  const auto* history = find_member(document, "history");
  if (history != nullptr && history->is_array()) {
    for (const auto& entry : *history) {
      config.history.push_back(read_entry(entry));
    }
  }
  return config;
}

} // namespace regctl::oci
