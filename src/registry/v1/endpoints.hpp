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

/// The hosts in an answer's X-Docker-Endpoints ("host[:port],host[:port]"), in order, with the
/// scheme of `base`. Malformed ones are left out. At most 8.
std::vector<http::Url> named_endpoints(const http::Response& response, const http::Url& base);

/// Whether a proxy answers `status` for a server that it cannot reach.
bool is_gateway_error(int status) noexcept;

/// Chooses the host that is asked for a registry's images and tags: the first named one that
/// answers, and the next if that one dies. If none answers, the registry itself is asked. This
/// happens with a proxy that does not pass on its Host header: the registry then names hosts that
/// clients cannot reach.
///
/// Each host that is skipped is noted. Results are remembered. If all named hosts are dead, each is
/// asked again at most once per stall_timeout of the transport. Thread-safe.
class Endpoints {
public:
  /// `transport` must outlive this.
  Endpoints(http::Transport& transport, http::Url base, http::EndpointTrust trust);

  /// The host to ask; nothing: the registry itself. Throws Error{interrupted}, and errors in the
  /// user's settings for a host.
  std::optional<http::Url> choose(const std::vector<http::Url>& named);

  /// To be called after all attempts of a request to `endpoint`, one of `named`, got no answer or a
  /// gateway error. Asks once more whether the host is there. If not, returns true, and choose()
  /// gives another host from now on. Throws like choose().
  bool is_dead(const http::Url& endpoint, const std::vector<http::Url>& named);

  /// Marks `request` as one to a host that the registry named, so that Client restricts it; not if
  /// the user trusts the registry's endpoints.
  void mark(http::Request& request, const std::optional<http::Url>& endpoint) const;

  /// Whether the registry's own password may go to `endpoint`.
  [[nodiscard]] bool may_have_password(const std::optional<http::Url>& endpoint) const;

private:
  using Clock = std::chrono::steady_clock;

  struct Known {
    std::string obstacle; ///< why the host cannot be used; empty if it can
    Clock::time_point asked = Clock::now();
  };
  enum class Attempts { one, all };

  /// Why `endpoint` cannot be used; empty if it can.
  std::string find_obstacle(const http::Url& endpoint, Attempts attempts);
  const Known& look_at(const http::Url& endpoint, const std::vector<http::Url>& named);
  std::optional<http::Url> find_revived(const std::vector<http::Url>& named);
  void tell(const http::Url& endpoint, const std::vector<http::Url>& named,
            const std::string& what) const;

  http::Transport& transport_;
  http::Url base_;
  http::EndpointTrust trust_;
  std::mutex mutex_;                   ///< held during requests, so that one thread asks for all
  std::map<std::string, Known> known_; ///< by origin
};

} // namespace regctl::registry::v1
