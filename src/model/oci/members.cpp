// SPDX-License-Identifier: Apache-2.0
#include "model/oci/members.hpp"

#include <regctl/base/json.hpp>

namespace regctl::oci {

std::string text_of(const Json& object, std::string_view name) {
  return optional_string(object, name).value_or("");
}

std::vector<std::string> texts_of(const Json& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto* member = find_member(object, name);
  if (member == nullptr || !member->is_array()) {
    return texts;
  }
  for (const auto& value : *member) {
    if (const auto* text = value.get_ptr<const std::string*>()) {
      texts.push_back(*text);
    }
  }
  return texts;
}

std::map<std::string, std::string> pairs_of(const Json& object, std::string_view name) {
  std::map<std::string, std::string> pairs;
  const auto* member = find_member(object, name);
  if (member == nullptr || !member->is_object()) {
    return pairs;
  }
  for (const auto& [key, value] : member->items()) {
    if (const auto* text = value.get_ptr<const std::string*>()) {
      pairs.emplace(key, *text);
    }
  }
  return pairs;
}

std::vector<std::string> names_of(const Json& object, std::string_view name) {
  std::vector<std::string> names;
  const auto* member = find_member(object, name);
  if (member == nullptr || !member->is_object()) {
    return names;
  }
  for (const auto& [key, value] : member->items()) {
    names.push_back(key);
  }
  return names;
}

} // namespace regctl::oci
