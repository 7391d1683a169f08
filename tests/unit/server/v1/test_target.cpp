// SPDX-License-Identifier: Apache-2.0
#include "server/v1/target.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace regctl::server;
using namespace std::string_literals;

namespace {

/// "KIND NAME TAG ID", what is empty as "-".
std::string read(std::string_view path) {
  const auto target = parse_target(path);
  const auto shown = [](const std::string& text) { return " " + (text.empty() ? "-"s : text); };
  return std::string(to_string(target.kind)) + shown(target.name) + shown(target.tag) +
         shown(target.id);
}

} // namespace

TEST_SUITE_BEGIN("server/v1/target");

TEST_CASE("a path has one route") {
  struct Row {
    const char* path;
    const char* result;
  };
  const Row rows[] = {
      {"/", "root - - -"},
      {"/_ping", "ping - - -"},
      {"/v1/_ping", "ping - - -"},
      {"/metrics", "metrics - - -"},
      {"/v1/search", "search - - -"},
      {"/v1/users/", "users - - -"},
      {"/v1/users", "users - - -"},
      {"/v1/users/bob/", "user - - -"},
      {"/v1/repositories", "repositories - - -"},
      {"/v1/repositories/app/", "repository library/app - -"},
      {"/v1/repositories/app", "repository library/app - -"},
      {"/v1/repositories/library/app/", "repository library/app - -"},
      {"/v1/repositories/team/app/", "repository team/app - -"},
      {"/v1/repositories/team/deep/name/", "repository team/deep/name - -"},
      // A final slash makes everything before it a name, as with the original.
      {"/v1/repositories/acme/slash/images/", "repository acme/slash/images - -"},
      {"/v1/repositories/team/app/images", "repository_images team/app - -"},
      {"/v1/repositories/app/images", "repository_images library/app - -"},
      {"/v1/repositories/team/app/json", "repository_json team/app - -"},
      {"/v1/repositories/team/app/auth", "repository_auth team/app - -"},
      {"/v1/repositories/team/app/properties", "properties team/app - -"},
      {"/v1/repositories/team/app/tags", "tags team/app - -"},
      {"/v1/repositories/app/tags/1.0", "tag library/app 1.0 -"},
      {"/v1/repositories/team/deep/name/tags/1.0", "tag team/deep/name 1.0 -"},
      {"/v1/repositories/team/app/tags/1.0/json", "tag_json team/app 1.0 -"},
      {"/v1/repositories/team/app/tags/json", "tag team/app json -"},
      {"/v1/repositories/tags/tags/tags", "tag library/tags tags -"},
      {"/v1/images/abc/json", "image_json - - abc"},
      {"/v1/images/abc/layer", "image_layer - - abc"},
      {"/v1/images/abc/checksum", "image_checksum - - abc"},
      {"/v1/images/abc/ancestry", "image_ancestry - - abc"},
      {"/v1/images/abc/files", "image_files - - abc"},
      {"/v1/images/abc/diff", "image_diff - - abc"},
      {"/v1/images/../x/json", "none - - .."},
      {"/v1/images/abc/other", "none - - abc"},
      {"/v1/images/abc", "none - - -"},
      {"/v1/images/", "none - - -"},
      {"/v1/", "none - - -"},
      {"/v2/", "none - - -"},
      {"/V1/_ping", "none - - -"},
      {"//v1/_ping", "none - - -"},
      {"", "none - - -"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CHECK(read(row.path) == row.result);
  }
}

TEST_CASE("all routes have different names") {
  std::set<std::string> names;
  for (auto kind = 0; kind <= static_cast<int>(Target::Kind::image_diff); ++kind) {
    names.emplace(to_string(static_cast<Target::Kind>(kind)));
  }
  CHECK(names.size() == static_cast<std::size_t>(Target::Kind::image_diff) + 1);
}
