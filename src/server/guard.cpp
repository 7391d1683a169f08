// SPDX-License-Identifier: Apache-2.0
#include "server/guard.hpp"

#include <algorithm>

namespace regctl::server {

namespace {

/// Whether an image is in a repository: announced in a push to it, or below one of its tags.
bool is_image_of(const V1Storage& storage, const std::string& name, const std::string& id) {
  if (storage.index_images(name).value_or("").find("\"" + id + "\"") != std::string::npos) {
    return true;
  }
  for (const auto& [tag, top] : storage.tags(name).value_or(V1Tags())) {
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
  const bool reads_public = auth.is_public_readable() && access == Access::read &&
                            !target.name.empty() && !service.storage->is_private(target.name);
  switch (guard) {
  case Guard::anybody:
    return true;
  case Guard::user:
    return auth.is_user(request);
  case Guard::listing:
    return auth.is_public_readable() || auth.is_user(request);
  case Guard::index:
    return reads_public || auth.is_user(request);
  case Guard::repository:
    return reads_public || auth.token_repository(request, access) == target.name ||
           auth.is_user(request);
  case Guard::image: {
    const auto repository = auth.token_repository(request, access);
    if (!repository.empty()) {
      // Without public_read only users get tokens.
      return !auth.is_public_readable() || access != Access::read ||
             is_image_of(*service.storage, repository, target.id);
    }
    return auth.is_user(request);
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
