// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/json_candidates.hpp"

#include <regctl/base/json.hpp>

#include <array>

namespace regctl::registry::v1 {

namespace {

struct Escape {
  std::string_view plain;
  std::string_view escaped;
};

/// What Go's encoding/json escapes beyond the rest of the world; none occurs outside strings.
constexpr std::array<Escape, 7> k_go_escapes = {{{"<", "\\u003c"},
                                                 {">", "\\u003e"},
                                                 {"&", "\\u0026"},
                                                 {"\xe2\x80\xa8", "\\u2028"},
                                                 {"\xe2\x80\xa9", "\\u2029"},
                                                 {"\\b", "\\u0008"},
                                                 {"\\f", "\\u000c"}}};

std::string as_go_prints(std::string_view json) {
  std::string result;
  for (std::size_t i = 0; i < json.size();) {
    std::string_view plain = json.substr(i, json[i] == '\\' ? 2 : 1);
    std::string_view written = plain;
    for (const auto& escape : k_go_escapes) {
      if (json.substr(i).starts_with(escape.plain)) {
        plain = escape.plain;
        written = escape.escaped;
      }
    }
    result += written;
    i += plain.size();
  }
  return result;
}

std::string as_python_prints(std::string_view json) {
  const auto document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return std::string(json);
  }
  const auto compact = document.dump(-1, ' ', /*ensure_ascii=*/true);
  std::string result;
  bool in_string = false;
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    result += c;
    if (in_string && c == '\\') {
      result += compact[++i];
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == ',' || c == ':')) {
      result += ' ';
    }
  }
  return result;
}

} // namespace

std::vector<std::string> original_json_candidates(std::string_view printed) {
  std::vector<std::string> candidates;
  for (auto& text : {as_go_prints(printed), as_python_prints(printed)}) {
    if (text != printed && (candidates.empty() || candidates.front() != text)) {
      candidates.push_back(text);
    }
  }
  return candidates;
}

} // namespace regctl::registry::v1
