// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/json.hpp>
#include <regctl/base/json_text.hpp>
#include <regctl/model/v1/converted_config.hpp>

using namespace regctl;

namespace {

void demand(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

/// What is read of valid JSON is what a parser reads.
void check_text(const std::string& text) {
  const auto document = find_json(text);
  const auto members = json_members(text);
  const auto compact = compact_json(text);
  if (!document) {
    return;
  }
  demand(document->is_object() == members.has_value());
  demand(find_json(compact) == document && compact_json(compact) == compact);
  if (members) {
    const auto again = find_json(make_json_object(*members));
    demand(again && again->size() == document->size() && members->size() == document->size());
    for (const auto& [name, value] : *members) {
      demand(find_json(value) == document->at(name));
    }
  }
}

} // namespace

void fuzz(const std::string& input) {
  const auto text = to_valid_utf8(input);
  demand(to_valid_utf8(text) == text);
  const auto quoted = find_json(quote_as_go(input));
  demand(quoted && *quoted == text);
  check_text(text);
  const auto time = normalize_time(input);
  demand(normalize_time(time) == time);
  const auto config = convert_config({{input, "sha256:1", false}, {input, "sha256:2", true}});
  const auto document = find_json(config.bytes);
  demand(document && document->at("history").size() == 2);
  demand(document->at("rootfs").at("diff_ids").size() == 1 && document->contains("architecture"));
}
