// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/json_candidates.hpp"

#include <regctl/base/json.hpp>

#include <algorithm>
#include <array>

namespace regctl::registry::v1 {

namespace {

struct Escape {
  std::string_view plain;
  std::string_view escaped;
};

/// Characters that Go's encoding/json escapes, but JSON.stringify does not; none occurs outside
/// strings.
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

enum class Ascii { only, as_is };

std::string as_python_prints(std::string_view json, Ascii ascii) {
  const auto document = find_json(json);
  if (!document) {
    return std::string(json);
  }
  const auto compact = document->dump(-1, ' ', ascii == Ascii::only);
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

std::string print(std::string_view json, JsonStyle style) {
  switch (style) {
  case JsonStyle::printed:
    return std::string(json);
  case JsonStyle::printed_line:
    return std::string(json) + "\n";
  case JsonStyle::engine:
    return as_go_prints(json);
  case JsonStyle::engine_line:
    return as_go_prints(json) + "\n";
  case JsonStyle::python:
    return as_python_prints(json, Ascii::only);
  case JsonStyle::python_utf8:
    return as_python_prints(json, Ascii::as_is);
  }
  return std::string(json);
}

constexpr std::array k_engine_first = {JsonStyle::engine,  JsonStyle::engine_line,
                                       JsonStyle::printed, JsonStyle::printed_line,
                                       JsonStyle::python,  JsonStyle::python_utf8};
constexpr std::array k_scripts_first = {JsonStyle::printed,     JsonStyle::python,
                                        JsonStyle::python_utf8, JsonStyle::printed_line,
                                        JsonStyle::engine,      JsonStyle::engine_line};

} // namespace

std::vector<JsonCandidate> original_json_candidates(std::string_view printed,
                                                    std::optional<JsonStyle> preferred) {
  const bool by_engine = printed.find("\"docker_version\"") != std::string_view::npos;
  const auto& usual = by_engine ? k_engine_first : k_scripts_first;
  std::vector<JsonStyle> styles;
  if (preferred) {
    styles.push_back(*preferred);
  }
  styles.insert(styles.end(), usual.begin(), usual.end());
  std::vector<JsonCandidate> candidates;
  for (const auto style : styles) {
    auto text = print(printed, style);
    if (std::none_of(candidates.begin(), candidates.end(),
                     [&](const JsonCandidate& known) { return known.text == text; })) {
      candidates.push_back({style, std::move(text)});
    }
  }
  return candidates;
}

std::optional<JsonStyle> LearntStyle::get() const {
  const std::lock_guard lock(mutex_);
  return style_;
}

void LearntStyle::set(JsonStyle style) {
  const std::lock_guard lock(mutex_);
  style_ = style;
}

} // namespace regctl::registry::v1
