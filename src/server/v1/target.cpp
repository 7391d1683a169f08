// SPDX-License-Identifier: Apache-2.0
#include "server/v1/target.hpp"

#include <regctl/model/reference.hpp>

#include <array>
#include <utility>
#include <vector>

namespace regctl::server {

namespace {

using Kind = Target::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 6> k_image_parts = {{
    {"json", Kind::image_json},
    {"layer", Kind::image_layer},
    {"checksum", Kind::image_checksum},
    {"ancestry", Kind::image_ancestry},
    {"files", Kind::image_files},
    {"diff", Kind::image_diff},
}};

constexpr std::array<std::pair<std::string_view, Kind>, 5> k_repository_parts = {{
    {"images", Kind::repository_images},
    {"json", Kind::repository_json},
    {"auth", Kind::repository_auth},
    {"properties", Kind::properties},
    {"tags", Kind::tags},
}};

template <std::size_t N>
Kind find_part(const std::array<std::pair<std::string_view, Kind>, N>& parts,
               std::string_view word) {
  for (const auto& [name, kind] : parts) {
    if (name == word) {
      return kind;
    }
  }
  return Kind::none;
}

Target parse_image(std::string_view rest) {
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) {
    return {};
  }
  return {
      find_part(k_image_parts, rest.substr(slash + 1)), {}, {}, std::string(rest.substr(0, slash))};
}

Target parse_repository(std::string_view rest) {
  if (rest.ends_with('/')) {
    return {Kind::repository, full_name(rest.substr(0, rest.size() - 1)), {}, {}};
  }
  // Tries the longest form first: NAME/tags/TAG/json, NAME/tags/TAG, NAME/PART, NAME.
  const auto last = rest.rfind('/');
  if (last == std::string_view::npos) {
    return {Kind::repository, full_name(rest), {}, {}};
  }
  const auto word = rest.substr(last + 1);
  const auto before = rest.substr(0, last);
  const auto tags = before.rfind("/tags/");
  if (word == "json" && tags != std::string_view::npos && tags > 0 &&
      before.find('/', tags + 6) == std::string_view::npos) {
    return {Kind::tag_json,
            full_name(before.substr(0, tags)),
            std::string(before.substr(tags + 6)),
            {}};
  }
  if (before.ends_with("/tags")) {
    return {Kind::tag, full_name(before.substr(0, before.size() - 5)), std::string(word), {}};
  }
  if (const auto kind = find_part(k_repository_parts, word); kind != Kind::none) {
    return {kind, full_name(before), {}, {}};
  }
  return {Kind::repository, full_name(rest), {}, {}};
}

bool take(std::string_view& path, std::string_view prefix) {
  const bool there = path.starts_with(prefix);
  path.remove_prefix(there ? prefix.size() : 0);
  return there;
}

} // namespace

Target parse_target(std::string_view path) {
  if (path == "/") {
    return {Kind::root, {}, {}, {}};
  }
  if (path == "/metrics") {
    return {Kind::metrics, {}, {}, {}};
  }
  if (path == "/_ping" || path == "/v1/_ping") {
    return {Kind::ping, {}, {}, {}};
  }
  if (!take(path, "/v1/")) {
    return {};
  }
  if (path == "search" || path == "search/") {
    return {Kind::search, {}, {}, {}};
  }
  if (path == "users" || path == "users/") {
    return {Kind::users, {}, {}, {}};
  }
  if (path == "repositories" || path == "repositories/") {
    return {Kind::repositories, {}, {}, {}};
  }
  if (take(path, "users/")) {
    return {Kind::user, {}, {}, {}};
  }
  if (take(path, "images/")) {
    return parse_image(path);
  }
  return take(path, "repositories/") ? parse_repository(path) : Target();
}

std::string_view to_string(Kind kind) noexcept {
  constexpr std::array<std::string_view, 22> k_names = {"none",
                                                        "root",
                                                        "ping",
                                                        "metrics",
                                                        "search",
                                                        "users",
                                                        "user",
                                                        "repositories",
                                                        "repository",
                                                        "repository_images",
                                                        "repository_json",
                                                        "repository_auth",
                                                        "properties",
                                                        "tags",
                                                        "tag",
                                                        "tag_json",
                                                        "image_json",
                                                        "image_layer",
                                                        "image_checksum",
                                                        "image_ancestry",
                                                        "image_files",
                                                        "image_diff"};
  return k_names.at(static_cast<std::size_t>(kind));
}

} // namespace regctl::server
