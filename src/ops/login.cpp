// SPDX-License-Identifier: Apache-2.0
#include "ops/places/protocol.hpp"

#include <regctl/ops/login.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <vector>

namespace regctl::ops {

namespace {

/// Whether the registry of this protocol has checked the credential, and accepts it.
bool check_at(Session& session, const RegistryHost& host, const http::Credential& credential,
              Protocol protocol) {
  return protocol == Protocol::v1
             ? session.registries().connect(host, credential)->check_credential()
             : session.registries().connect_v2(host, credential)->check_credential();
}

} // namespace

std::string login(Session& session, const RegistryHost& host, const http::Credential& credential) {
  const auto named = named_protocol(session, host.protocol);
  const auto protocols =
      named ? std::vector<Protocol>{*named} : session.registries().protocols(host);
  const bool is_checked = std::any_of(protocols.begin(), protocols.end(), [&](Protocol protocol) {
    return check_at(session, host, credential, protocol);
  });
  if (!is_checked) {
    session.progress().note(host.host + " does not check passwords when logging in: that of '" +
                            credential.username + "' is stored as it is");
  }
  return session.credentials().store(host.host, credential);
}

bool logout(Session& session, const RegistryHost& host) {
  return session.credentials().erase(host.host);
}

} // namespace regctl::ops
