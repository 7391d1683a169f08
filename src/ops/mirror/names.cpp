// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/reference.hpp>
#include <regctl/ops/mirror/names.hpp>

namespace regctl::ops::mirror {

namespace {

constexpr std::string_view k_library = "library";

} // namespace

Pattern parse_name_pattern(std::string_view text) {
  const auto folder = std::string(k_library) + "/";
  const auto rest = text.substr(text.starts_with(folder) ? folder.size() : 0);
  if (rest.size() == text.size() || rest.empty() || rest.find('/') != std::string_view::npos) {
    return Pattern::parse(text);
  }
  // Nothing lies deeper there, and "**" alone would take the other namespaces as well.
  return Pattern::parse(rest == "**" ? "*" : rest);
}

bool is_below(std::string_view name_space, std::string_view name) noexcept {
  if (name_space == k_library && name.find('/') == std::string_view::npos) {
    return true;
  }
  return name_space.empty() || (name.size() > name_space.size() + 1 &&
                                name.starts_with(name_space) && name[name_space.size()] == '/');
}

std::string put_below(const std::string& name_space, const std::string& name) {
  return name_space.empty() ? name : familiar_name(name_space + "/" + name);
}

std::string take_from(std::string_view name_space, std::string_view name) {
  const bool is_implied = name_space == k_library && name.find('/') == std::string_view::npos;
  return std::string(name.substr(name_space.empty() || is_implied ? 0 : name_space.size() + 1));
}

} // namespace regctl::ops::mirror
