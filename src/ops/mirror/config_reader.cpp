// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/config_reader.hpp"

#include <regctl/base/nearest.hpp>
#include <regctl/base/whole_number.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace regctl::ops::mirror {

namespace {

constexpr std::size_t k_shown_mistakes = 50;
constexpr std::size_t k_count_limit = 1'000'000;
constexpr std::size_t k_jobs_limit = 64;

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

const char* describe(Yaml::Kind kind) {
  switch (kind) {
  case Yaml::Kind::null:
    return "has no value";
  case Yaml::Kind::list:
    return "is a list, not one value";
  case Yaml::Kind::map:
    return "is a mapping, not one value";
  case Yaml::Kind::scalar:
    break;
  }
  return "is not a mapping";
}

std::size_t parse_up_to(const std::string& text, std::size_t limit) {
  const auto count = parse_whole_number<std::size_t>(text).value_or(0);
  if (count < 1 || count > limit) {
    throw Error(ErrorKind::usage,
                "'" + text + "' is not a number from 1 to " + std::to_string(limit));
  }
  return count;
}

} // namespace

Spot Spot::member(std::string_view name, int member_line) const {
  // Names of hosts have dots and colons and are quoted in keys.
  const bool is_plain = name.find_first_of(".:[\"$") == std::string_view::npos;
  auto path = key;
  if (!is_plain) {
    path += "[\"" + std::string(name) + "\"]";
  } else {
    path += (path.empty() ? "" : ".") + std::string(name);
  }
  return {member_line, std::move(path)};
}

Spot Spot::item(std::size_t index, int item_line) const {
  return {item_line, key + "[" + std::to_string(index) + "]"};
}

void ConfigReader::complain(const Spot& spot, const std::string& what) {
  mistakes_.push_back({spot.line, (spot.key.empty() ? "" : spot.key + ": ") + what});
}

void ConfigReader::complain_about(const ConfigText& text, const Spot& spot, const Error& error) {
  const auto hint = error.hint().empty() ? "" : " (" + error.hint() + ")";
  complain(spot,
           (text.is_substituted ? "is wrong once its variables are filled in" : error.message()) +
               hint);
}

std::string ConfigReader::parse_file(const std::string& text) const {
  auto path = parse_text(text);
  if (references_ == References::unchecked) {
    return path;
  }
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  if (is_folder || ::access(path.c_str(), R_OK) != 0) {
    throw Error(ErrorKind::usage, "'" + path + "' cannot be read",
                std::generic_category().message(is_folder ? EISDIR : errno));
  }
  return path;
}

std::string ConfigReader::parse_variable(const std::string& text) const {
  auto name = parse_text(text);
  if (references_ == References::checked && environment_(name).value_or("").empty()) {
    throw Error(ErrorKind::usage, "the variable " + name + " is not set");
  }
  return name;
}

void ConfigReader::finish() const {
  if (mistakes_.empty()) {
    return;
  }
  auto mistakes = mistakes_;
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  const auto show = [](const Mistake& mistake) {
    return "line " + std::to_string(mistake.line) + ": " + mistake.text;
  };
  auto message = file_;
  if (mistakes.size() == 1) {
    message += " " + show(mistakes.front());
  } else {
    message += " has " + std::to_string(mistakes.size()) + " mistakes";
    for (std::size_t i = 0; i < std::min(mistakes.size(), k_shown_mistakes); ++i) {
      message += "\n  " + show(mistakes[i]);
    }
  }
  throw Error(ErrorKind::usage, message, "regctl-mirror(5) describes the file");
}

std::optional<ConfigText> ConfigReader::substitute(const std::string& written, const Spot& spot) {
  ConfigText text;
  for (std::size_t at = 0; at < written.size();) {
    const auto rest = std::string_view(written).substr(at);
    if (rest.starts_with("$${")) {
      text.value += "${";
      at += 3;
    } else if (!rest.starts_with("${")) {
      text.value += written[at++];
    } else {
      const auto end = rest.find('}');
      const auto value = look_up(rest.substr(2, std::max<std::size_t>(end, 2) - 2), spot);
      if (!value) {
        return std::nullopt;
      }
      text.value += *value;
      text.is_substituted = true;
      at += std::min(end, rest.size() - 1) + 1;
    }
  }
  return text;
}

std::optional<std::string> ConfigReader::look_up(std::string_view variable, const Spot& spot) {
  const auto separator = variable.find(":-");
  const auto name = std::string(variable.substr(0, separator));
  if (!is_variable_name(name)) {
    complain(spot, "'${' begins no variable ($${ stands for ${ itself)");
    return std::nullopt;
  }
  auto value = environment_(name);
  if (separator != std::string_view::npos) {
    return value && !value->empty() ? *value : std::string(variable.substr(separator + 2));
  }
  if (!value) {
    complain(spot, "the variable " + name + " is not set (write ${" + name + ":-…} for a default)");
  }
  return value;
}

std::optional<ConfigText> ConfigReader::text(const Yaml& yaml, const Spot& spot) {
  if (yaml.kind != Yaml::Kind::scalar) {
    complain(spot, describe(yaml.kind));
    return std::nullopt;
  }
  return substitute(yaml.scalar, spot);
}

ConfigSection::ConfigSection(const Yaml& yaml, Spot spot, ConfigReader& reader)
    : yaml_(yaml), spot_(std::move(spot)), reader_(reader) {
  if (yaml.kind != Yaml::Kind::map) {
    reader.complain(spot_, yaml.kind == Yaml::Kind::null ? "has no value" : "is not a mapping");
  }
  std::set<std::string_view> seen;
  for (const auto& member : yaml.members) {
    if (!seen.insert(member.key).second) {
      reader.complain(spot_of(member), "is there twice");
    }
  }
}

const YamlMember* ConfigSection::take(std::string_view key) {
  known_.emplace(key);
  const auto found = std::find_if(yaml_.members.begin(), yaml_.members.end(),
                                  [&](const YamlMember& member) { return member.key == key; });
  return found == yaml_.members.end() ? nullptr : &*found;
}

const YamlMember* ConfigSection::require(std::string_view key) {
  const auto* member = take(key);
  if (member == nullptr && yaml_.kind == Yaml::Kind::map) {
    reader_.complain(spot_, "lacks '" + std::string(key) + "'");
  }
  return member;
}

Spot ConfigSection::spot_of(const YamlMember& member) const {
  return spot_.member(member.key, member.line);
}

void ConfigSection::finish() {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& member : yaml_.members) {
    if (known_.contains(member.key)) {
      continue;
    }
    const auto nearest = find_nearest(member.key, known);
    reader_.complain(spot_of(member),
                     nearest ? "is unknown; did you mean '" + *nearest + "'?" : "is unknown");
  }
}

std::string parse_text(const std::string& text) {
  if (text.empty()) {
    throw Error(ErrorKind::usage, "is empty");
  }
  return text;
}

bool parse_flag(const std::string& text) {
  if (text == "true" || text == "yes" || text == "on") {
    return true;
  }
  if (text == "false" || text == "no" || text == "off") {
    return false;
  }
  throw Error(ErrorKind::usage, "'" + text + "' is not true or false");
}

std::size_t parse_count(const std::string& text) {
  return parse_up_to(text, k_count_limit);
}

std::size_t parse_jobs(const std::string& text) {
  return parse_up_to(text, k_jobs_limit);
}

} // namespace regctl::ops::mirror
