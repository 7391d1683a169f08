// SPDX-License-Identifier: Apache-2.0
#include "model/v1/wrapped_commands.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/json_text.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/derive.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace regctl {

namespace {

/// Members of the config that are not copied to the top image: those that every step has of its
/// own, v1's, and what only a config has. In lower case, since Go reads names without regard to it.
constexpr std::array<std::string_view, 13> k_not_copied = {
    "id",       "parent", "created",   "container_config", "author", "comment", "parent_id",
    "layer_id", "size",   "throwaway", "checksum",         "rootfs", "history"};

/// The members of a config, as they are read and as they are written.
struct LayeredConfig {
  Json document;
  JsonMembers texts;
};

LayeredConfig read_config(std::string_view bytes) {
  const auto text = to_valid_utf8(bytes);
  auto document = parse_json(text, "the image config");
  auto texts = json_members(text);
  if (!texts) {
    throw Error(ErrorKind::protocol, "the image config is no JSON object");
  }
  return {std::move(document), *std::move(texts)};
}

/// The text of a member; empty if it is not there.
std::string text_of(const LayeredConfig& config, std::string_view name) {
  const auto found = std::find_if(config.texts.begin(), config.texts.end(),
                                  [&](const auto& member) { return member.first == name; });
  return found == config.texts.end() ? std::string() : found->second;
}

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

/// The config's history; nothing if it does not account for every layer.
const Json* find_history(const Json& config, std::size_t layers) {
  const auto* history = find_member(config, "history");
  if (history == nullptr || !history->is_array() || history->empty()) {
    return nullptr;
  }
  const auto counted = std::count_if(history->begin(), history->end(),
                                     [](const Json& entry) { return !is_empty_layer(entry); });
  return static_cast<std::size_t>(counted) == layers ? history : nullptr;
}

/// `config` or `container_config` of the top image; empty if it is no object.
std::string kept_object(const std::string& text, std::set<std::string>& notes) {
  if (!text.starts_with('{')) {
    return {};
  }
  auto object = compact_json(text);
  wrap_commands(object, notes);
  return object;
}

/// The words of `Cmd`, joined by a space, as the history shows a command. Nothing if they are no
/// words.
std::optional<std::string> joined_command(const Json& container_config) {
  const auto* command = find_member(container_config, "Cmd");
  if (command == nullptr || !command->is_array()) {
    return command != nullptr && command->is_string() ? command->get<std::string>() : std::string();
  }
  std::string text;
  for (const auto& word : *command) {
    if (!word.is_string()) {
      return std::nullopt;
    }
    text += (&word == &command->front() ? "" : " ") + word.get<std::string>();
  }
  return text;
}

/// Makes the images of one config, base first.
class Maker {
public:
  explicit Maker(const LayeredConfig& config) : config_(config) {}

  /// The JSON of the next step without its ID, as names and texts of values.
  JsonMembers step(const Json& entry, const std::string& parent, bool is_top) {
    JsonMembers members;
    if (!parent.empty()) {
      members.emplace_back("parent", json_quote(parent));
    }
    if (const auto created = created_at(entry, is_top); !created.empty()) {
      members.emplace_back("created", json_quote(created));
    }
    members.emplace_back("container_config", container_config(entry, is_top));
    for (const char* name : {"author", "comment"}) {
      if (is_top && optional_string(config_.document, name)) {
        members.emplace_back(name, compact_json(text_of(config_, name)));
      } else if (const auto text = optional_string(entry, name)) {
        members.emplace_back(name, json_quote(*text));
      }
    }
    if (is_top) {
      copy_members(members);
    }
    return members;
  }

  std::set<std::string> take_notes() { return std::move(notes_); }

private:
  std::string created_at(const Json& entry, bool is_top) {
    if (is_top) {
      const auto text = optional_string(config_.document, "created").value_or("");
      auto created = normalize_time(text);
      if (!created.empty()) {
        return created;
      }
      if (!text.empty()) {
        notes_.insert("created-invalid");
      }
    }
    return normalize_time(optional_string(entry, "created").value_or(""));
  }

  std::string container_config(const Json& entry, bool is_top) {
    const auto command = optional_string(entry, "created_by");
    const auto* own = is_top ? find_member(config_.document, "container_config") : nullptr;
    const bool is_kept =
        own != nullptr && own->is_object() && (!command || joined_command(*own) == command);
    return is_kept ? kept_object(text_of(config_, "container_config"), notes_)
                   : "{\"Cmd\":[" + (command ? json_quote(*command) : "") + "]}";
  }

  void copy_members(JsonMembers& members) {
    for (const auto& [name, text] : config_.texts) {
      const bool is_copied = text != "null" && std::find(k_not_copied.begin(), k_not_copied.end(),
                                                         lower(name)) == k_not_copied.end();
      auto value = !is_copied         ? std::string()
                   : name == "config" ? kept_object(text, notes_)
                                      : compact_json(text);
      if (!value.empty()) {
        members.emplace_back(name, std::move(value));
      } else if (is_copied) {
        notes_.insert("config-dropped");
      }
    }
  }

  const LayeredConfig& config_;
  std::set<std::string> notes_;
};

/// Unlike make_json_object(), this escapes nothing that HTML reads: servers that print JSON anew
/// then give the same text.
std::string print(const JsonMembers& members) {
  std::string text = "{";
  for (const auto& [name, value] : members) {
    text += (text.size() == 1 ? "" : ",") + json_quote(name) + ":" + value;
  }
  return text + "}";
}

} // namespace

DerivedV1Chain derive_v1_chain(std::string_view config) {
  const auto read = read_config(config);
  DerivedV1Chain chain;
  chain.diff_ids = read_diff_ids(read.document);
  const auto* history = find_history(read.document, chain.diff_ids.size());
  const auto steps = history != nullptr ? history->size() : chain.diff_ids.size();
  if (steps == 0) {
    throw Error(ErrorKind::protocol, "image config: has neither layers nor history");
  }
  Maker maker(read);
  const auto no_text = Json::object();
  std::size_t layer = 0;
  std::string parent;
  for (std::size_t i = 0; i < steps; ++i) {
    const auto& entry = history != nullptr ? (*history)[i] : no_text;
    DerivedV1Image image;
    if (!is_empty_layer(entry)) {
      image.layer_index = layer++;
    }
    auto members = maker.step(entry, parent, i + 1 == steps);
    const auto of_layer =
        image.layer_index ? chain.diff_ids[*image.layer_index] : std::string("empty");
    image.id = sha256_hex("regctl-v1-image\n" + print(members) + "\n" + of_layer);
    members.insert(members.begin(), {"id", json_quote(image.id)});
    image.json = print(members);
    parent = image.id;
    chain.images.push_back(std::move(image));
  }
  chain.notes = maker.take_notes();
  if (history == nullptr) {
    chain.notes.insert("history-unusable");
  }
  return chain;
}

} // namespace regctl
