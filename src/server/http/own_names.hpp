// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// The clients that can reach a server.
enum class Exposure {
  guarded,  ///< only users with a password, which a page in a browser cannot supply
  loopback, ///< every process on this machine, and so every page in a browser here
  open,     ///< every client
};

/// The names by which a server may be addressed. A page in a browser can send requests to every
/// server that the browser reaches. It can even read the answers if the page's own host name
/// resolves to that server (DNS rebinding), but it cannot hide that name. Thread-safe.
class OwnNames {
public:
  /// `hosts` are NAME or NAME:PORT, in any case. Without hosts every name is accepted, except in
  /// requests of browsers.
  OwnNames(const std::vector<std::string>& hosts, Exposure exposure);

  /// The answer (403) to a request for a server of another name. Unless the server has users, also
  /// to a request that a browser sends for another server's page. Such requests are recognised by
  /// `Origin` and `Sec-Fetch-Site`, and on loopback by a name that is neither loopback's nor in
  /// `hosts`. Nothing for all other requests.
  [[nodiscard]] std::optional<Response> refuse_foreign(const Request& request) const;

private:
  [[nodiscard]] bool is_own(std::string_view host) const;
  [[nodiscard]] std::optional<Response> refuse_page(const Request& request,
                                                    const std::string& host) const;

  std::vector<std::string> hosts_; ///< in lower case
  Exposure exposure_;
};

} // namespace regctl::server
