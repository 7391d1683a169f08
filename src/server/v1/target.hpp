// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl::server {

/// What a path asks for.
struct Target {
  enum class Kind {
    none, ///< nothing of ours
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
  std::string name; ///< of the repository, with its namespace: "library/app"
  std::string tag;
  std::string id; ///< of the image, as written
};

/// Reads a decoded path. A final slash makes everything before it the name of a repository, as
/// docker-registry 0.9 has it (recorded: 91).
Target parse_target(std::string_view path);

/// The route as metrics name it: "image_layer".
std::string_view to_string(Target::Kind kind) noexcept;

} // namespace regctl::server
