// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/mirror/rules.hpp>
#include <regctl/ops/places/names.hpp>

#include <utility>

namespace regctl::ops::mirror {

namespace {

/// `to` with the captures in place of "$1"; `caught` must have one for every "$N".
std::string expand(const std::string& to, const std::vector<std::string>& caught) {
  std::string name;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] != '$') {
      name += to[i];
    } else if (const char next = to[++i]; next == '$') {
      name += '$';
    } else {
      name += caught[static_cast<std::size_t>(next - '0')];
    }
  }
  return name;
}

void check_replacement(std::string_view from, std::string_view to, std::size_t count) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] != '$') {
      continue;
    }
    const char next = ++i < to.size() ? to[i] : '\0';
    const bool is_group = next >= '1' && next <= '9';
    if (next != '$' && !is_group) {
      throw Error(ErrorKind::usage,
                  "the new name '" + std::string(to) + "' has a '$' that says nothing",
                  "$1 to $9 stand for what the pattern caught, $$ for $");
    }
    if (is_group && static_cast<std::size_t>(next - '0') > count) {
      throw Error(ErrorKind::usage, "the new name '" + std::string(to) + "' has $" + next +
                                        ", but '" + std::string(from) + "' catches " +
                                        std::to_string(count));
    }
  }
}

} // namespace

Rename Rename::make(std::string_view from, std::string_view to) {
  Rename rename{parse_name_pattern(from), std::string(to)};
  check_replacement(from, to, rename.from.capture_count());
  if (to.find('$') == std::string_view::npos) { // else the name depends on the captures
    static_cast<void>(parse_repository_name(std::string(to)));
  }
  return rename;
}

Rename Rename::parse(std::string_view text) {
  const auto sign = text.rfind('='); // a new name has no '=', but a regular expression may
  if (sign == std::string_view::npos) {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' does not say the new name",
                "write PATTERN=NAME, for example 'team/*=old/$1'");
  }
  return make(text.substr(0, sign), text.substr(sign + 1));
}

std::string parse_prefix(const std::string& text) {
  try {
    static_cast<void>(parse_repository_name(text + "name"));
  } catch (const Error&) {
    throw Error(ErrorKind::usage, "'" + text + "' begins no name of a repository",
                "as in mirror/ or mirror-");
  }
  return text;
}

bool Rules::shape_repositories() const noexcept {
  return !tags.include.empty() || !tags.exclude.empty() || !tags.exclude_of.empty() || semver ||
         latest || newer_than || !renames.empty() || !prefix.empty() || prune.enabled;
}

bool Rules::protects(std::string_view tag) const {
  return any_matches(protected_tags, tag);
}

bool Rules::is_immutable(std::string_view tag) const {
  return any_matches(immutable_tags, tag);
}

std::string Rules::destination_name(const std::string& source_name) const {
  auto name = source_name;
  for (const auto& rename : renames) {
    if (const auto caught = rename.from.captures(source_name)) {
      name = expand(rename.to, *caught);
      break;
    }
  }
  return in_context([&] { return "naming " + source_name + " at the destination"; },
                    [&] { return parse_repository_name(prefix + name); });
}

} // namespace regctl::ops::mirror
