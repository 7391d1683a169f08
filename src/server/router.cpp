// SPDX-License-Identifier: Apache-2.0
#include "server/router.hpp"

#include "server/http/responses.hpp"

#include <algorithm>

namespace regctl::server {

Api& Router::api_of(std::string_view path) const noexcept {
  const auto found =
      std::find_if(apis_.begin(), apis_.end(), [&](const Api* api) { return api->has(path); });
  return found == apis_.end() ? *apis_.front() : **found;
}

std::unique_ptr<Handler> Router::begin(const Request& request) {
  if (auto refusal = names_.refuse_foreign(request)) {
    return make_ready(std::move(*refusal));
  }
  return api_of(request.path).begin(request);
}

Response Router::explain(const Request& request, const Error& error) noexcept {
  return api_of(request.path).explain(error);
}

void Router::done(const Request& request, int status, std::uint64_t sent_bytes,
                  std::uint64_t received_bytes, double seconds) noexcept {
  try {
    const auto route = api_of(request.path).route(request.path);
    metrics_.count(route, request.method, status, sent_bytes, received_bytes, seconds);
    log_.write(request, status, sent_bytes, seconds);
  } catch (...) { // a failure to count or log must not stop the server
  }
}

} // namespace regctl::server
