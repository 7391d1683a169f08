// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>
#include <regctl/ops/session.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

struct PingResult {
  std::string host;
  std::string url;                    ///< the origin that answered: "http://127.0.0.1:5000"
  std::vector<std::string> protocols; ///< protocols that the host speaks: "v1", "v2"
  std::optional<bool> standalone;     ///< v1's X-Docker-Registry-Standalone; nothing if not sent
  std::optional<std::string> version; ///< v1's X-Docker-Registry-Version
};

/// Finds out which protocols a host speaks; of those that `host` or the session name, if they name
/// one. Throws Error{unavailable} if it cannot be reached, Error{protocol} if it answers but is no
/// such registry.
PingResult ping(Session& session, const RegistryHost& host);

} // namespace regctl::ops
