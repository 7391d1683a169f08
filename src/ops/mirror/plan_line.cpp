// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/plan_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/reference.hpp>

#include <array>

namespace regctl::ops::mirror {

namespace {

constexpr std::array<std::string_view, 5> k_actions = {"copy", "update", "keep", "delete", "skip"};

Action parse_action(const std::string& text, const std::string& where) {
  for (std::size_t i = 0; i < k_actions.size(); ++i) {
    if (k_actions[i] == text) {
      return static_cast<Action>(i);
    }
  }
  throw Error(ErrorKind::protocol, where + ": action is '" + text + "'",
              "it is copy, update, keep, delete or skip");
}

void check(const PlannedTag& tag, const std::string& where) {
  if (tag.source_name.empty() || tag.destination_name.empty()) {
    throw Error(ErrorKind::protocol, where + ": a name is empty");
  }
  if (!is_tag(tag.tag)) {
    throw Error(ErrorKind::protocol, where + ": '" + tag.tag + "' is not a tag");
  }
  if (is_transfer(tag) && !tag.identity) {
    throw Error(ErrorKind::protocol, where + ": identity is missing");
  }
}

/// Reads a line without braces.
PlanLine parse_name(const std::string& line, const std::string& where) {
  const auto begin = line.find_first_not_of(" \t");
  const auto end = line.find_last_not_of(" \t");
  const auto text = begin == std::string::npos ? "" : line.substr(begin, end + 1 - begin);
  PlanLine name;
  name.is_repository = true;
  try {
    name.tag.source_name = parse_repository_name(text);
  } catch (const Error& error) {
    throw Error(ErrorKind::protocol,
                where + " is neither a record nor the name of a repository: " + error.message());
  }
  return name;
}

/// The type of a record; lines of a plan have none and are about tags.
std::string type_of(const Json& document, const std::string& where) {
  auto type = optional_string(document, "type").value_or("tag");
  if (type != "tag" && type != "repository" && type != "mirror") {
    throw Error(ErrorKind::protocol, where + ": it is of type '" + type + "'",
                "records of tags, repositories and mirrors can be carried out");
  }
  return type;
}

} // namespace

std::string_view to_string(Action action) noexcept {
  return k_actions[static_cast<std::size_t>(action)];
}

std::string print_plan_line(const PlanLine& line) {
  const auto& tag = line.tag;
  Json record = {{"from", line.from},
                 {"to", line.to},
                 {"source", tag.source_name},
                 {"destination", tag.destination_name},
                 {"tag", tag.tag},
                 {"action", to_string(tag.action)},
                 {"reason", tag.reason},
                 {"identity", or_null(tag.identity)},
                 {"previous", or_null(tag.previous)}};
  if (tag.is_broken) {
    record["broken"] = true;
  }
  if (tag.is_damaged) {
    record["damaged"] = true;
  }
  return dump_json(record);
}

bool is_remark(std::string_view line) noexcept {
  const auto begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos || line[begin] == '#';
}

PlanLine parse_plan_line(const std::string& line, const std::string& where) {
  if (!line.starts_with('{')) {
    return parse_name(line, where);
  }
  const auto document = parse_json(line, where + ": it");
  const auto text = [&](const char* name) {
    return required_string(document, name, where + ": tag");
  };
  const auto has = [&](const char* name) {
    const auto* member = find_member(document, name);
    return member != nullptr && member->is_boolean() && member->get<bool>();
  };
  // Unknown members are ignored, since lists of failures have more of them.
  PlanLine parsed;
  parsed.from = optional_string(document, "from").value_or("");
  parsed.to = optional_string(document, "to").value_or("");
  if (parsed.from.empty() != parsed.to.empty()) {
    throw Error(ErrorKind::protocol, where + ": it has one end of its mirror, from or to");
  }
  const auto type = type_of(document, where);
  parsed.is_mirror = type == "mirror";
  parsed.is_repository = type == "repository";
  parsed.is_ruled = type != "tag" && has("rules");
  if (parsed.is_mirror) {
    return parsed;
  }
  auto& tag = parsed.tag;
  tag.source_name = text("source");
  if (parsed.is_repository) {
    return parsed;
  }
  tag.destination_name = text("destination");
  tag.tag = text("tag");
  tag.action = parse_action(text("action"), where);
  tag.reason = optional_string(document, "reason").value_or("");
  tag.is_broken = has("broken");
  tag.is_damaged = has("damaged");
  tag.identity = optional_string(document, "identity");
  tag.previous = optional_string(document, "previous");
  check(tag, where);
  return parsed;
}

} // namespace regctl::ops::mirror
