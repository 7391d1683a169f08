// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace regctl::server {

/// `text` as JSON that must not be cached, as docker-registry sends it.
Response json_response(std::string text, int status = 200);

/// {"error": "TEXT"}.
Response error_response(int status, std::string_view text);

/// Adds the headers of what never changes (an image's parts) and the tag that conditional requests
/// compare with.
void make_cacheable(Response& response, const std::string& entity_tag);

/// Whether the client has it already, by If-None-Match or, without that, If-Modified-Since: images
/// have not been modified since 1970.
bool is_not_modified(const Request& request, const std::string& entity_tag);
Response not_modified_response(const std::string& entity_tag);

/// Answers this, whatever the body.
std::unique_ptr<Handler> make_ready(Response response);

} // namespace regctl::server
