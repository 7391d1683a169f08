// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/ops/ping.hpp>
#include <regctl/registry/registries.hpp>

namespace regctl::ops {

PingResult ping(Session& session, const RegistryHost& host) {
  const auto detected = session.registries().detect(host, session.credentials().find(host.host),
                                                    registry::Registries::Ask::everything);
  PingResult result;
  result.host = host.host;
  result.url = detected.base.origin();
  if (detected.v1) {
    result.protocols.emplace_back("v1");
    result.standalone = detected.v1->standalone;
    result.version = detected.v1->version;
  }
  if (detected.speaks_v2) {
    result.protocols.emplace_back("v2");
  }
  if (result.protocols.empty()) {
    throw Error(ErrorKind::protocol, result.url + " answers, but not as a Docker registry",
                "check host and port");
  }
  return result;
}

} // namespace regctl::ops
