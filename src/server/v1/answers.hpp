// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/v1/service.hpp"

#include <memory>

namespace regctl::server {

// The functions that answer requests, one for each line of the table in api.cpp, which says what a
// client needs for it. An Error that they throw becomes the answer (V1Api::explain). Thread-safe.

// --- images: images.cpp, image_uploads.cpp, layer_files.cpp ---

Response get_image_json(Call& call);
Response get_image_layer(Call& call);
Response get_image_ancestry(Call& call);
Response get_image_files(Call& call);
Response get_image_diff(Call& call);
Response put_image_json(Call& call);
Response put_image_checksum(Call& call);

/// The handler of a layer, which is stored while it arrives instead of being collected first.
std::unique_ptr<Handler> receive_layer(Service& service, const Request& request,
                                       const Target& target);

// --- repositories: repositories.cpp ---

Response announce(Call& call);
Response put_repository_images(Call& call);
Response get_repository_images(Call& call);
Response delete_repository_images(Call& call);
Response delete_repository(Call& call);
Response get_repository_json(Call& call);
Response get_properties(Call& call);
Response put_properties(Call& call);
Response get_tags(Call& call);
Response get_tag(Call& call);
Response get_tag_json(Call& call);
Response put_tag(Call& call);
Response delete_tag(Call& call);

// --- the rest of the index: index.cpp ---

Response get_root(Call& call);
Response get_ping(Call& call);
Response get_metrics(Call& call);
Response get_search(Call& call);
Response list_repositories(Call& call);
Response get_users(Call& call);
Response post_users(Call& call);
Response put_user(Call& call);
Response put_auth(Call& call);

} // namespace regctl::server
