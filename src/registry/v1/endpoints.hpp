// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/client.hpp>
#include <regctl/http/url.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry::v1 {

/// The hosts that an answer's X-Docker-Endpoints ("host[:port],host[:port]") names, reached like
/// `base`, in order; without what is no host. At most 8.
std::vector<http::Url> named_endpoints(const http::Response& response, const http::Url& base);

/// Which of the hosts that a registry names is asked for its images and tags: the first that
/// answers. A registry behind a proxy that does not hand on its Host header names hosts that nobody
/// reaches; the registry itself is asked then, which a note says. What was found out about a host
/// is remembered. Thread-safe.
class Endpoints {
public:
  /// `client` must outlive this.
  Endpoints(http::Client& client, http::Url base, http::EndpointTrust trust);

  /// Nothing: the registry itself. Throws Error{interrupted}, and what is wrong with our settings
  /// for a host.
  std::optional<http::Url> choose(const std::vector<http::Url>& named);

  /// Makes `request`, which goes to `endpoint`, one that is not of the user's own choice, unless
  /// the user trusts the registry's endpoints.
  void mark(http::Request& request, const std::optional<http::Url>& endpoint) const;

  /// Whether the registry's own password may go to `endpoint`.
  [[nodiscard]] bool may_have_password(const std::optional<http::Url>& endpoint) const;

private:
  /// Why `endpoint` cannot be asked; empty if it can.
  std::string find_obstacle(const http::Url& endpoint);

  http::Client& client_;
  http::Url base_;
  http::EndpointTrust trust_;
  std::mutex mutex_;                             ///< held while one thread asks for all
  std::map<std::string, std::string> obstacles_; ///< by origin
};

} // namespace regctl::registry::v1
