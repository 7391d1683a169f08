// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl::server {

/// The resource that a path names.
struct Target {
  enum class Kind {
    none, ///< an unknown path
    root,
    ping,
    metrics,
    search,
    users,
    user,
    repositories, ///< the listing of docker-registry-server (npm)
    repository,
    repository_images,
    repository_json,
    repository_auth,
    properties,
    tags,
    tag,
    tag_json,
    image_json,
    image_layer,
    image_checksum,
    image_ancestry,
    image_files,
    image_diff,
  };
  Kind kind = Kind::none;
  std::string name; ///< the repository with its namespace: "library/app"
  std::string tag;
  std::string id; ///< the image's ID, as written
};

/// Parses a decoded path. If it ends with a slash, all text before that is the name of a
/// repository, as in docker-registry 0.9 (tests/data/v1/server-0.9-requests.txt, 91).
Target parse_target(std::string_view path);

/// The name of the route in metrics: "image_layer".
std::string_view to_string(Target::Kind kind) noexcept;

} // namespace regctl::server
