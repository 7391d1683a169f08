// SPDX-License-Identifier: Apache-2.0
#include "server/v1/guard.hpp"

#include "server/http/responses.hpp"
#include "server/v1/service.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace regctl::server {

namespace {

/// Whether an image was announced in a push to a repository. Reads the list in pieces: it can be
/// long, and any client can cause this.
bool is_announced(const V1Storage& storage, const std::string& name, const std::string& id) {
  const auto file = storage.open_index_images(name);
  if (!file) {
    return false;
  }
  const auto list = file->open("the list of images of " + name);
  const auto wanted = "\"" + id + "\"";
  std::string window; // the last piece, with enough bytes before it for an ID that began there
  std::vector<char> piece(k_buffer_bytes);
  while (const auto n = list->read(std::as_writable_bytes(std::span(piece)))) {
    window.erase(0, window.size() - std::min(window.size(), wanted.size()));
    window.append(piece.data(), n);
    if (window.find(wanted) != std::string::npos) {
      return true;
    }
  }
  return false;
}

/// Whether an image is in a repository: announced in a push to it, or below one of its tags.
bool is_image_of(const V1Storage& storage, const std::string& name, const std::string& id,
                 const Request& request) {
  if (is_announced(storage, name, id)) {
    return true;
  }
  for (const auto& [tag, top] : storage.tags(name).value_or(V1Tags())) {
    request.check_wanted(); // there may be many tags
    const auto chain = top ? storage.likely_chain(*top) : std::nullopt;
    if (chain && std::find(chain->begin(), chain->end(), id) != chain->end()) {
      return true;
    }
  }
  return false;
}

bool may(Guard guard, const Service& service, const Request& request, const Target& target) {
  const auto& auth = *service.auth;
  const auto access = access_of(request.method);
  const auto is_public = [&](const std::string& name) {
    // Missing and private repositories look alike to clients without access.
    return auth.is_public_readable() && access == Access::read && !name.empty() &&
           service.storage->has_repository(name) && !service.storage->is_private(name);
  };
  switch (guard) {
  case Guard::anybody:
    return true;
  case Guard::user:
    return auth.is_user(request);
  case Guard::listing:
    return auth.is_public_readable() || auth.is_user(request);
  case Guard::index:
    return is_public(target.name) || auth.is_user(request);
  case Guard::repository: {
    const auto token = auth.token(request, access);
    return is_public(target.name) ||
           (token && token->is_user && token->repository == target.name) || auth.is_user(request);
  }
  case Guard::image: {
    const auto token = auth.token(request, access);
    return token ? token->is_user ||
                       (is_public(token->repository) &&
                        is_image_of(*service.storage, token->repository, target.id, request))
                 : auth.is_user(request);
  }
  }
  return false;
}

} // namespace

Access access_of(const std::string& method) noexcept {
  if (method == "GET" || method == "HEAD") {
    return Access::read;
  }
  return method == "DELETE" ? Access::remove : Access::write;
}

std::optional<Response> refuse_stranger(Guard guard, const Service& service, const Request& request,
                                        const Target& target) {
  if (!service.auth->has_users() || may(guard, service, request, target)) {
    return std::nullopt;
  }
  auto response = error_response(401, "Requires authorization");
  response.headers.push_back({"WWW-Authenticate", "Basic realm=\"registry\""});
  if (guard == Guard::repository || guard == Guard::image) {
    response.headers.push_back({"WWW-Authenticate", "Token"});
  }
  return response;
}

} // namespace regctl::server
