// SPDX-License-Identifier: Apache-2.0
#include "ops/places/protocol.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/ping.hpp>
#include <regctl/registry/registries.hpp>

namespace regctl::ops {

PingResult ping(Session& session, const RegistryHost& host) {
  const auto detected = session.registries().detect(host, session.credentials().find(host.host),
                                                    registry::Registries::Ask::everything);
  const auto named = named_protocol(session, host.protocol);
  PingResult result;
  result.host = host.host;
  result.url = detected.base.origin();
  if (detected.v1 && named != Protocol::v2) {
    result.protocols.emplace_back("v1");
    result.standalone = detected.v1->standalone;
    result.version = detected.v1->version;
  }
  if (detected.speaks_v2 && named != Protocol::v1) {
    result.protocols.emplace_back("v2");
  }
  if (result.protocols.empty() && (detected.v1 || detected.speaks_v2)) {
    throw Error(ErrorKind::protocol,
                result.url + " speaks protocol " + (detected.v1 ? "v1, not v2" : "v2, not v1"),
                "leave out --api and the scheme before the host");
  }
  if (result.protocols.empty()) {
    throw Error(ErrorKind::protocol, result.url + " answers, but not as a Docker registry",
                "check host and port");
  }
  return result;
}

} // namespace regctl::ops
