// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace regctl::server {

/// `text` as a JSON answer that must not be cached, as docker-registry sends it.
Response json_response(std::string text, int status = 200);

/// {"error": "TEXT"}.
Response error_response(int status, std::string_view text);

/// Adds the headers for a resource that never changes (an image's parts), and the entity tag that
/// conditional requests compare.
void make_cacheable(Response& response, const std::string& entity_tag);

/// Whether the client has the resource already, by If-None-Match or else by If-Modified-Since.
/// Images count as last modified in 1970.
bool is_not_modified(const Request& request, const std::string& entity_tag);
Response not_modified_response(const std::string& entity_tag);

/// A handler that ignores the body and answers `response`.
std::unique_ptr<Handler> make_ready(Response response);

} // namespace regctl::server
