// SPDX-License-Identifier: Apache-2.0
#include "model/v1/wrapped_commands.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/json_text.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/v1/converted_config.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>

namespace regctl {

namespace {

using Members = std::map<std::string, std::string>; // names, and texts of values

constexpr std::array<std::string_view, 9> k_dropped = {
    "id", "parent", "parent_id", "layer_id", "Size", "throwaway", "checksum", "rootfs", "history"};

Members read_members(const std::string& json, std::size_t step) {
  const auto text = to_valid_utf8(json);
  const auto found = find_json(text) ? json_members(text) : std::nullopt;
  if (!found) {
    throw Error(ErrorKind::protocol,
                "the JSON of step " + std::to_string(step + 1) + " of the image is no JSON object");
  }
  return {found->begin(), found->end()};
}

/// The value of a member, if it is there.
std::optional<Json> value_of(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? std::nullopt : find_json(found->second);
}

/// A member that is a text, and not empty.
std::string text_of(const Members& members, const std::string& name) {
  const auto value = value_of(members, name);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

/// The command of a step: the words of container_config.Cmd, joined by a space.
std::string created_by(const Members& members) {
  const auto container = value_of(members, "container_config");
  const auto* command = container ? find_member(*container, "Cmd") : nullptr;
  if (command == nullptr) {
    return {};
  }
  if (command->is_string()) {
    return command->get<std::string>();
  }
  const bool are_words =
      command->is_array() && std::all_of(command->begin(), command->end(),
                                         [](const Json& word) { return word.is_string(); });
  if (!are_words) {
    return {};
  }
  std::string text;
  bool has_word = false;
  for (const auto& word : *command) {
    text += (&word == &command->front() ? "" : " ") + word.get<std::string>();
    has_word = has_word || !word.get_ref<const std::string&>().empty();
  }
  return has_word ? text : std::string();
}

/// Source: Docker's HistoryFromConfig, and the order of image.History up to Docker 24.
std::string history_entry(const Members& members, bool is_empty) {
  JsonMembers entry;
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) {
      entry.emplace_back(name, quote_as_go(text));
    }
  };
  add("created", normalize_time(text_of(members, "created")));
  add("author", text_of(members, "author"));
  add("created_by", created_by(members));
  add("comment", text_of(members, "comment"));
  if (is_empty) {
    entry.emplace_back("empty_layer", "true");
  }
  return make_json_object(entry);
}

bool is_falsy(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         (value.is_boolean() && !value.get<bool>()) || (value.is_number() && value == 0) ||
         ((value.is_object() || value.is_array()) && value.empty());
}

void note_times(const Members& members, std::set<std::string>& notes) {
  if (!normalize_time(text_of(members, "created")).empty()) {
    return;
  }
  const auto created = value_of(members, "created");
  notes.insert(created && !is_falsy(*created) ? "created-invalid" : "created-missing");
}

/// Drops members of a wrong type, which make the whole config unreadable.
void mend_types(Members& config, std::set<std::string>& notes) {
  for (const char* name : {"author", "comment", "docker_version", "container"}) {
    const auto value = value_of(config, name);
    if (value && !value->is_string()) {
      config.erase(name);
      notes.insert(std::string(name) + "-dropped");
    }
  }
  for (const char* name : {"config", "container_config"}) {
    const auto found = config.find(name);
    if (found == config.end()) {
      continue;
    }
    if (found->second.starts_with('{')) {
      wrap_commands(found->second, notes);
    } else {
      config.erase(found);
      notes.insert(std::string(name) + "-dropped");
    }
  }
}

/// Writes what the image does not tell of its platform.
void assume_platform(Members& config, const oci::Platform& assumed, std::set<std::string>& notes) {
  if (text_of(config, "architecture").empty()) {
    config["architecture"] = quote_as_go(assumed.architecture);
    if (!assumed.variant.empty() && text_of(config, "variant").empty()) {
      config["variant"] = quote_as_go(assumed.variant);
    }
    notes.insert("architecture-assumed");
  }
  if (text_of(config, "os").empty()) {
    config["os"] = quote_as_go(assumed.os);
    notes.insert("os-assumed");
  }
}

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  const auto part = text.substr(std::min(at, text.size()), digits);
  return part.size() == digits && is_all_digits(part) ? parse_whole_number<int>(part)
                                                      : std::nullopt;
}

/// Whether "YYYY-MM-DDThh:mm:ss" is a real date and time.
bool is_date_and_time(std::string_view text) {
  constexpr std::string_view k_form = "0000-00-00T00:00:00";
  if (text.size() < k_form.size()) {
    return false;
  }
  for (std::size_t i = 0; i < k_form.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (k_form[i] == '0' ? !is_digit : text[i] != k_form[i]) {
      return false;
    }
  }
  const auto year = std::max(1, *number_at(text, 0, 4));
  const std::chrono::year_month_day date{
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(*number_at(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(*number_at(text, 8, 2)))};
  return date.ok() && *number_at(text, 11, 2) < 24 && *number_at(text, 14, 2) < 60 &&
         *number_at(text, 17, 2) < 60;
}

} // namespace

void wrap_commands(std::string& object, std::set<std::string>& notes) {
  auto inner = json_members(object).value_or(JsonMembers());
  bool is_changed = false;
  for (auto& [name, value] : inner) {
    if ((name == "Cmd" || name == "Entrypoint") && value.starts_with('"')) {
      value = "[" + value + "]";
      notes.insert(name + "-wrapped");
      is_changed = true;
    }
  }
  if (is_changed) { // only then is the object put together anew
    object = make_json_object(inner);
  }
}

std::string normalize_time(std::string_view text) {
  constexpr std::size_t k_seconds_end = 19;
  constexpr std::size_t k_most_fraction = 10; // the point and nine digits
  if (!is_date_and_time(text)) {
    return {};
  }
  auto rest = text.substr(k_seconds_end);
  std::string fraction;
  if (rest.starts_with('.')) {
    const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1) {
      return {};
    }
    fraction = rest.substr(0, std::min(end, k_most_fraction));
    fraction.erase(fraction.find_last_not_of('0') + 1);
    if (fraction == ".") {
      fraction.clear();
    }
    rest.remove_prefix(end);
  }
  std::string zone = "Z";
  if (rest != "Z") {
    const auto hours = number_at(rest, 1, 2);
    const auto minutes = number_at(rest, 4, 2);
    const bool is_offset = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') &&
                           rest[3] == ':' && hours && minutes && *hours <= 24 && *minutes <= 60;
    if (!is_offset) {
      return {};
    }
    zone = *hours == 0 && *minutes == 0 ? "Z" : std::string(rest);
  }
  return std::string(text.substr(0, k_seconds_end)) + fraction + zone;
}

const oci::Platform& usual_platform() {
  static const oci::Platform k_platform = {"linux", "amd64", ""};
  return k_platform;
}

ConvertedConfig convert_config(const std::vector<ConvertedStep>& chain,
                               const oci::Platform& assumed) {
  if (chain.empty()) {
    throw Error(ErrorKind::protocol, "an image without layers has no config");
  }
  ConvertedConfig result;
  Members config;
  std::string history;
  std::string diff_ids;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto& step = chain[i];
    const auto members = read_members(step.json, i);
    note_times(members, result.notes);
    history += (history.empty() ? "" : ",") + history_entry(members, step.is_empty);
    if (!step.is_empty) {
      diff_ids += (diff_ids.empty() ? "" : ",") + quote_as_go(step.diff_id);
    }
    if (i + 1 == chain.size()) {
      config = members;
    }
  }
  const auto created = normalize_time(text_of(config, "created"));
  for (const auto name : k_dropped) {
    config.erase(std::string(name));
  }
  config.erase("created");
  std::erase_if(config, [](const auto& member) { return member.second == "null"; });
  for (auto& [name, value] : config) {
    value = compact_json(value);
  }
  if (!created.empty()) {
    config["created"] = quote_as_go(created);
  }
  assume_platform(config, assumed, result.notes);
  mend_types(config, result.notes);
  config["rootfs"] = "{\"type\":\"layers\",\"diff_ids\":[" + diff_ids + "]}";
  config["history"] = "[" + history + "]";
  result.bytes = make_json_object({config.begin(), config.end()});
  return result;
}

} // namespace regctl
