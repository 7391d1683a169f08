// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/mirror/plan.hpp>

#include <array>

namespace regctl::ops::mirror {

namespace {

constexpr std::array<std::string_view, 5> k_actions = {"copy", "update", "keep", "delete", "skip"};

void put(Json& line, const char* name, const std::optional<std::string>& value) {
  if (value) {
    line[name] = *value;
  }
}

Action parse_action(const std::string& text, const std::string& where) {
  for (std::size_t i = 0; i < k_actions.size(); ++i) {
    if (k_actions[i] == text) {
      return static_cast<Action>(i);
    }
  }
  throw Error(ErrorKind::protocol, where + "action is '" + text + "'",
              "it is copy, update, keep, delete or skip");
}

void check(const PlannedTag& tag, const std::string& where) {
  if (tag.source_name.empty() || tag.destination_name.empty()) {
    throw Error(ErrorKind::protocol, where + "a name is empty");
  }
  if (!is_tag(tag.tag)) {
    throw Error(ErrorKind::protocol, where + "'" + tag.tag + "' is not a tag");
  }
  const bool moves = tag.action == Action::copy || tag.action == Action::update;
  if (moves && !tag.identity) {
    throw Error(ErrorKind::protocol, where + "identity is missing");
  }
}

} // namespace

std::string_view to_string(Action action) noexcept {
  return k_actions[static_cast<std::size_t>(action)];
}

std::string print_planned_tag(const PlannedTag& tag) {
  Json line = {{"source", tag.source_name},
               {"destination", tag.destination_name},
               {"tag", tag.tag},
               {"action", to_string(tag.action)},
               {"reason", tag.reason}};
  if (tag.is_broken) {
    line["broken"] = true;
  }
  put(line, "identity", tag.identity);
  put(line, "previous", tag.previous);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

PlannedTag parse_planned_tag(const std::string& line, std::size_t line_number) {
  const auto where = "plan line " + std::to_string(line_number) + ": ";
  const auto document = parse_json(line, where + "it");
  if (!document.is_object()) {
    throw Error(ErrorKind::protocol, where + "it is not a JSON object");
  }
  const auto text = [&](const char* name) {
    return required_string(document, name, where + "tag");
  };
  // Members that are not known are passed over: lists of failures have more.
  PlannedTag tag;
  tag.source_name = text("source");
  tag.destination_name = text("destination");
  tag.tag = text("tag");
  tag.action = parse_action(text("action"), where);
  tag.reason = optional_string(document, "reason").value_or("");
  const auto* broken = find_member(document, "broken");
  tag.is_broken = broken != nullptr && broken->is_boolean() && broken->get<bool>();
  tag.identity = optional_string(document, "identity");
  tag.previous = optional_string(document, "previous");
  check(tag, where);
  return tag;
}

} // namespace regctl::ops::mirror
