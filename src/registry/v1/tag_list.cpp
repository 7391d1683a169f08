// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/tag_list.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/model/v1/image.hpp>

#include <algorithm>
#include <string_view>

namespace regctl::registry::v1 {

namespace {

/// Whether `text` may be the beginning of an ID.
bool is_short_id(std::string_view text) {
  constexpr std::size_t k_fewest_digits = 8;
  return text.size() >= k_fewest_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

class TagList {
public:
  explicit TagList(const WholeId& whole_id) : whole_id_(whole_id) {}

  /// Adds a tag. It has no ID if the server cannot read it: docker-registry 0.9 sends null then.
  void add(const std::string& tag, const Json& id) {
    auto& place = tags_[tag];
    if (!id.is_string()) {
      return;
    }
    const auto& text = id.get_ref<const std::string&>();
    if (is_v1_id(text)) {
      place = text;
    } else if (is_short_id(text)) {
      auto whole = whole_id_(tag);
      place = whole && whole->starts_with(text) ? std::move(whole) : std::nullopt;
    }
  }

  [[nodiscard]] V1Tags take() { return std::move(tags_); }

private:
  const WholeId& whole_id_;
  V1Tags tags_;
};

} // namespace

V1Tags read_tag_list(std::string_view text, const std::string& what, const WholeId& whole_id) {
  TagList tags(whole_id);
  std::optional<std::string> problem;
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text[begin] == '[') {
    problem = read_json_elements(text, [&](Json& entry) {
      const auto tag = optional_string(entry, "name");
      if (!tag) {
        throw Error(ErrorKind::protocol,
                    what + " is not a JSON object, and no list of names and layers");
      }
      const auto* layer = find_member(entry, "layer");
      tags.add(*tag, layer != nullptr ? *layer : Json());
    });
  } else {
    problem = read_json_members(text, [&](std::string& tag, Json& id) { tags.add(tag, id); });
  }
  if (problem) {
    throw Error(ErrorKind::protocol, what + " " + *problem);
  }
  return tags.take();
}

} // namespace regctl::registry::v1
