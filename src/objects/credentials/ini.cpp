// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/ini.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>

#include <algorithm>

namespace regctl::objects {

namespace {

constexpr std::string_view k_comment_signs = "#;";

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

/// A line without a comment that stands behind a blank.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (k_comment_signs.find(line[i]) != std::string_view::npos && is_blank(line[i - 1])) {
      return line.substr(0, i);
    }
  }
  return line;
}

/// "name = value" in its two parts.
struct Property {
  std::string name; ///< in lower case
  std::string_view value;
};

/// Nothing for a line without '=', or without a name before it.
std::optional<Property> split_property(std::string_view line) {
  const auto equals = line.find('=');
  const auto name = trim(line.substr(0, equals));
  if (equals == std::string_view::npos || name.empty()) {
    return std::nullopt;
  }
  return Property{lower(name), trim(line.substr(equals + 1))};
}

class IniReader {
public:
  explicit IniReader(std::string_view what) : what_(what) {}

  void read(std::string_view line) {
    ++number_;
    const auto text = trim(line);
    if (text.empty() || k_comment_signs.find(text.front()) != std::string_view::npos) {
      return;
    }
    if (is_blank(line.front())) {
      add_continuation(text);
    } else if (text.front() == '[') {
      add_section(text);
    } else {
      add_property(text);
    }
  }

  std::vector<IniSection> take() { return std::move(sections_); }

private:
  void add_section(std::string_view line) {
    const auto end = line.find(']');
    const auto rest = trim(line.substr(std::min(end, line.size() - 1) + 1));
    const bool is_comment =
        rest.empty() || k_comment_signs.find(rest.front()) != std::string_view::npos;
    if (end == std::string_view::npos || !is_comment) {
      refuse("begins a section, but does not end it with ']'");
    }
    sections_.push_back({std::string(trim(line.substr(1, end - 1))), {}});
    current_ = nullptr;
  }

  void add_property(std::string_view line) {
    if (sections_.empty()) {
      refuse("stands before the first section");
    }
    const auto property = split_property(without_comment(line));
    if (!property) {
      refuse("is neither \"[SECTION]\" nor \"NAME = VALUE\"");
    }
    const bool is_name = std::none_of(property->name.begin(), property->name.end(), is_blank);
    auto& kept = is_name ? sections_.back().properties[property->name] : dropped_;
    kept = property->value;
    current_ = &kept;
    is_nested_ = property->value.empty();
  }

  void add_continuation(std::string_view text) {
    if (current_ == nullptr) {
      refuse("is indented, but goes on with no property");
    }
    if (is_nested_ && !split_property(text)) {
      refuse("is indented, but is no nested \"NAME = VALUE\"");
    }
    *current_ += '\n';
    *current_ += text;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::usage,
                std::string(what_) + ", line " + std::to_string(number_) + " " + why);
  }

  std::string_view what_;
  std::size_t number_ = 0; // of the line, from 1
  std::vector<IniSection> sections_;
  std::string* current_ = nullptr; // the value that an indented line goes on with
  bool is_nested_ = false;         // it is made of nested properties
  std::string dropped_;            // the value of a property whose name is none
};

} // namespace

std::vector<IniSection> parse_ini(std::string_view text, std::string_view what) {
  constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";
  text.remove_prefix(text.starts_with(k_byte_order_mark) ? k_byte_order_mark.size() : 0);
  IniReader reader(what);
  for (const auto line : split(text, '\n')) {
    reader.read(line);
  }
  return reader.take();
}

std::optional<std::string> find_nested(std::string_view value, std::string_view name) {
  std::optional<std::string> found;
  if (!value.starts_with('\n')) {
    return found;
  }
  for (const auto line : split(value, '\n')) {
    const auto property = split_property(without_comment(line));
    if (property && property->name == name && !property->value.empty()) {
      found = property->value;
    }
  }
  return found;
}

} // namespace regctl::objects
