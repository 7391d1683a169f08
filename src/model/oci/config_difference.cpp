// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/config_difference.hpp>

#include <array>
#include <map>
#include <set>

namespace regctl::oci {

namespace {

using Members = std::map<std::string, Json>;

/// Whether engines take the value for none.
bool is_nothing(const Json& value) {
  switch (value.type()) {
  case Json::value_t::null:
    return true;
  case Json::value_t::boolean:
    return !value.get<bool>();
  case Json::value_t::string:
    return value.get_ref<const std::string&>().empty();
  case Json::value_t::object:
  case Json::value_t::array:
    return value.empty();
  default:
    return value.is_number() && value == 0;
  }
}

void add(Members& members, const std::string& name, const Json& value) {
  if (!is_nothing(value)) {
    members.insert_or_assign(name, value);
  }
}

/// "NAME=VALUE", of which the last one of a name counts.
void add_environment(Members& members, const Json& variables) {
  for (const auto& variable : variables) {
    if (!variable.is_string()) {
      continue;
    }
    const auto& text = variable.get_ref<const std::string&>();
    const auto equals = text.find('=');
    const auto name = "config.Env." + text.substr(0, equals);
    members.insert_or_assign(name, equals == std::string::npos ? "" : text.substr(equals + 1));
  }
}

void add_run_config(Members& members, const Json& config) {
  for (const auto& [name, value] : config.items()) {
    if (name == "Env" && value.is_array()) {
      add_environment(members, value);
    } else if (name == "Labels" && value.is_object()) {
      for (const auto& [key, text] : value.items()) {
        members.insert_or_assign("config.Labels." + key, text);
      }
    } else {
      add(members, "config." + name, value);
    }
  }
}

Members read_members(std::string_view text, const std::string& what) {
  const auto config = parse_json(text, what);
  if (!config.is_object()) {
    throw Error(ErrorKind::protocol, what + " is no JSON object");
  }
  Members members;
  for (const auto& [name, value] : config.items()) {
    if (name == "config" && value.is_object()) {
      add_run_config(members, value);
    } else if (name != "rootfs") {
      add(members, name, value);
    }
  }
  return members;
}

bool decides_running(const std::string& name) {
  constexpr std::array<std::string_view, 6> k_platform = {"architecture", "os",      "os.version",
                                                          "os.features",  "variant", "config"};
  if (name.starts_with("config.")) {
    return true;
  }
  for (const auto member : k_platform) {
    if (name == member) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> member_text(const Members& members, const std::string& name) {
  using Sorted = nlohmann::json; // the order of members makes no difference
  const auto found = members.find(name);
  return found == members.end()
             ? std::nullopt
             : std::optional(
                   Sorted(found->second).dump(-1, ' ', false, Sorted::error_handler_t::replace));
}

} // namespace

std::vector<ConfigDifference> compare_configs(std::string_view a, const std::string& what_a,
                                              std::string_view b, const std::string& what_b) {
  const auto at_a = read_members(a, what_a);
  const auto at_b = read_members(b, what_b);
  std::set<std::string> names;
  for (const auto* members : {&at_a, &at_b}) {
    for (const auto& member : *members) {
      names.insert(member.first);
    }
  }
  std::vector<ConfigDifference> differences;
  for (const auto& name : names) {
    auto of_a = member_text(at_a, name);
    auto of_b = member_text(at_b, name);
    if (of_a != of_b) {
      differences.push_back({name, std::move(of_a), std::move(of_b), decides_running(name)});
    }
  }
  return differences;
}

} // namespace regctl::oci
