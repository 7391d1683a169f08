// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry::v1 {

/// The hosts that an answer's X-Docker-Endpoints ("host[:port],host[:port]") names, reached like
/// `base`, in order; without what is no host. At most 8.
std::vector<http::Url> named_endpoints(const http::Response& response, const http::Url& base);

/// Whether `status` is what a proxy answers for a server that is not there, after all attempts.
bool is_gateway_error(int status) noexcept;

/// Which of the hosts that a registry names is asked for its images and tags: the first that
/// answers, and the next once that one is dead. A registry behind a proxy that does not hand on its
/// Host header names hosts that nobody reaches; the registry itself is asked then. Whichever host
/// is passed over, a note says so. What was found out about a host is remembered; those that are
/// dead are asked again, each once in the transport's stall_timeout, before the registry itself is
/// asked in their stead. Thread-safe.
class Endpoints {
public:
  /// `transport` must outlive this.
  Endpoints(http::Transport& transport, http::Url base, http::EndpointTrust trust);

  /// Nothing: the registry itself. Throws Error{interrupted}, and what is wrong with our settings
  /// for a host.
  std::optional<http::Url> choose(const std::vector<http::Url>& named);

  /// After a request to `endpoint`, one of `named`, got no answer in all its attempts, or that of a
  /// proxy for a server that is not there: asks `endpoint` once more whether it is there. If not,
  /// choose() does not give it again, and the request may go where choose() says. Throws like
  /// choose().
  bool is_dead(const http::Url& endpoint, const std::vector<http::Url>& named);

  /// Makes `request`, which goes to `endpoint`, one that is not of the user's own choice, unless
  /// the user trusts the registry's endpoints.
  void mark(http::Request& request, const std::optional<http::Url>& endpoint) const;

  /// Whether the registry's own password may go to `endpoint`.
  [[nodiscard]] bool may_have_password(const std::optional<http::Url>& endpoint) const;

private:
  using Clock = std::chrono::steady_clock;

  struct Known {
    std::string obstacle; ///< why it cannot be asked; empty if it can
    Clock::time_point asked = Clock::now();
  };
  enum class Attempts { one, all };

  /// Why `endpoint` cannot be asked; empty if it can.
  std::string find_obstacle(const http::Url& endpoint, Attempts attempts);
  const Known& look_at(const http::Url& endpoint, const std::vector<http::Url>& named);
  std::optional<http::Url> find_revived(const std::vector<http::Url>& named);
  void tell(const http::Url& endpoint, const std::vector<http::Url>& named,
            const std::string& what) const;

  http::Transport& transport_;
  http::Url base_;
  http::EndpointTrust trust_;
  std::mutex mutex_;                   ///< held while one thread asks for all
  std::map<std::string, Known> known_; ///< by origin
};

} // namespace regctl::registry::v1
