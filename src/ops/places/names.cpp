// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/places/names.hpp>

#include <algorithm>
#include <string>

namespace regctl::ops {

namespace {

constexpr std::string_view k_tag_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789_.-";

/// The literal characters of a glob, with '*' for each wildcard and '?' for each set.
std::string literals_of(std::string_view glob) {
  std::string literals;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '\\' && i + 1 < glob.size()) {
      literals += glob[++i];
    } else if (c == '[') {
      const auto first = i + (glob.substr(i + 1, 1).find_first_of("!^") == 0 ? 2 : 1);
      i = std::min(glob.find(']', first + 1), glob.size()); // a ']' as the first is a member
      literals += '?';
    } else if (c == '{' || (depth > 0 && (c == '}' || c == ','))) {
      depth = c == '{' ? depth + 1 : depth - (c == '}' ? 1 : 0);
      literals += '*';
    } else {
      literals += c;
    }
  }
  return literals;
}

[[noreturn]] void refuse(std::string_view text, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::usage, "'" + std::string(text) + "' can never match: " + why, hint);
}

void check_name_glob(std::string_view text) {
  const auto literals = literals_of(text);
  if (literals.find(':') != std::string::npos) {
    refuse(text, "no name of a repository has a ':'",
           "names are without their host, as in 'team/*'; tags have --include-tag and "
           "--exclude-tag, and one of one repository --exclude NAME:TAG");
  }
  if (literals.ends_with('/')) {
    refuse(text, "no name of a repository ends with '/'", "write '" + std::string(text) + "**'");
  }
  const auto allowed = std::string(k_tag_characters) + "/*?";
  const auto odd = literals.find_first_not_of(allowed);
  if (odd != std::string::npos || literals.find("//") != std::string::npos) {
    refuse(text,
           "no name of a repository has " + (odd == std::string::npos
                                                 ? std::string("'//'")
                                                 : "a '" + std::string(1, literals[odd]) + "'"),
           "write a glob as in 'team/*', or a regular expression between slashes");
  }
}

void check_tag_glob(std::string_view text) {
  const auto literals = literals_of(text);
  const auto odd = literals.find_first_not_of(std::string(k_tag_characters) + "*?");
  if (odd != std::string::npos) {
    refuse(text, "no tag has a '" + std::string(1, literals[odd]) + "'",
           "write a glob as in '1.*', or a regular expression between slashes");
  }
  if (literals.starts_with('.') || literals.starts_with('-')) {
    refuse(text, "no tag begins with '" + literals.substr(0, 1) + "'", "begin it with '*'");
  }
}

bool is_glob(std::string_view text) {
  return !text.starts_with('/');
}

} // namespace

Pattern parse_name_pattern(std::string_view text) {
  auto pattern = Pattern::parse(text); // a malformed pattern is reported first
  if (is_glob(text)) {
    check_name_glob(text);
  }
  const auto folder = std::string(k_library) + "/";
  const auto rest = text.substr(text.starts_with(folder) ? folder.size() : 0);
  if (rest.size() == text.size() || rest.empty() || rest.find('/') != std::string_view::npos) {
    return pattern;
  }
  // No name below "library/" has a further '/', and "**" alone would match other namespaces too.
  return Pattern::parse(rest == "**" ? "*" : rest);
}

Pattern parse_tag_pattern(std::string_view text) {
  auto pattern = Pattern::parse(text);
  if (is_glob(text)) {
    check_tag_glob(text);
  }
  return pattern;
}

bool is_below(std::string_view name_space, std::string_view name) noexcept {
  if (name_space == k_library && name.find('/') == std::string_view::npos) {
    return true;
  }
  return name_space.empty() || (name.size() > name_space.size() + 1 &&
                                name.starts_with(name_space) && name[name_space.size()] == '/');
}

std::string with_namespace(const std::string& name_space, const std::string& name) {
  return name_space.empty() ? name : familiar_name(name_space + "/" + name);
}

std::string without_namespace(std::string_view name_space, std::string_view name) {
  const bool is_implied = name_space == k_library && name.find('/') == std::string_view::npos;
  return std::string(name.substr(name_space.empty() || is_implied ? 0 : name_space.size() + 1));
}

} // namespace regctl::ops
