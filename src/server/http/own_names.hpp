// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// Where a server is reached, and by whom.
enum class Reach {
  guarded,  ///< it has users, whom a page in a browser cannot speak for
  loopback, ///< by everybody on this machine, so by every page that a browser here shows
  open,     ///< by everybody
};

/// The names by which a server may be called. A page in somebody's browser can send requests to
/// every server that the browser reaches, and read the answers where the page's own name leads to
/// that server (DNS rebinding); it cannot hide the name. Thread-safe.
class OwnNames {
public:
  /// `hosts`: NAME or NAME:PORT, in any case; none: every name is right, but for browsers.
  OwnNames(const std::vector<std::string>& hosts, Reach reach);

  /// The answer (403) to a request for another server, and, unless the server has users, to one
  /// that a browser sends for the page of another: `Origin` and `Sec-Fetch-Site` say so, and on
  /// loopback a name that is neither loopback's nor one of `hosts`. Nothing for all others.
  [[nodiscard]] std::optional<Response> refuse_foreign(const Request& request) const;

private:
  [[nodiscard]] bool is_own(std::string_view host) const;
  [[nodiscard]] std::optional<Response> refuse_page(const Request& request,
                                                    const std::string& host) const;

  std::vector<std::string> hosts_; ///< in lower case
  Reach reach_;
};

} // namespace regctl::server
