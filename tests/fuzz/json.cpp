// SPDX-License-Identifier: Apache-2.0
#include "base/json_mend.hpp"
#include "fuzz/fuzz.hpp"

#include <regctl/base/json_reader.hpp>
#include <regctl/base/visible.hpp>

#include <algorithm>
#include <map>

using namespace regctl;

namespace {

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

std::string print(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Ours is what the library reads, but for its limits.
void compare_with_library(const std::string& input) {
  const auto mended = mend_json(input);
  const auto theirs = Json::parse(mended ? *mended : input, nullptr, /*allow_exceptions=*/false);
  const auto ours = find_json(input);
  const auto is_open = [](char c) { return c == '[' || c == '{'; };
  const bool may_be_deep = std::count_if(input.begin(), input.end(), is_open) > 100;
  require(ours ? print(*ours) == print(theirs) : theirs.is_discarded() || may_be_deep);
  if (ours) {
    require(print(*find_json(print(*ours))) == print(*ours));
    require(print(*find_json(print_spaced_json(*ours))) == print(*ours));
  }
}

/// Part by part is the same as at once.
void compare_with_parts(const std::string& input) {
  const auto document = find_json(input);
  std::map<std::string, std::string> members;
  const bool is_object = !read_json_members(
      input, [&](const std::string& name, const Json& value) { members[name] = print(value); });
  auto elements = Json::array();
  const bool is_array =
      !read_json_elements(input, [&](const Json& element) { elements.push_back(element); });
  require(is_object == (document && document->is_object()));
  require(is_array == (document && document->is_array()));
  if (is_array) {
    require(print(elements) == print(*document));
  }
  if (is_object) {
    require(members.size() == document->size());
    for (const auto& [name, value] : document->items()) {
      require(members.at(name) == print(value));
    }
  }
}

} // namespace

void fuzz(const std::string& input) {
  compare_with_library(input);
  compare_with_parts(input);
  const auto shown = excerpt(input);
  require(shown.size() <= k_excerpt_limit_bytes + 40 && visible(shown) == shown);
  try {
    parse_json(input, "it");
  } catch (const Error& error) {
    require(error.message().size() < 2 * k_excerpt_limit_bytes);
  }
}
