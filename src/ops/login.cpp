// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/login.hpp>
#include <regctl/registry/registries.hpp>

namespace regctl::ops {

std::string login(Session& session, const RegistryHost& host, const http::Credential& credential) {
  const auto registry = session.registries().connect(host, credential);
  if (!registry->check_credential()) {
    session.progress().note(host.host + " does not check passwords when logging in: that of '" +
                            credential.username + "' is stored as it is");
  }
  return session.credentials().store(host.host, credential);
}

bool logout(Session& session, const RegistryHost& host) {
  return session.credentials().erase(host.host);
}

} // namespace regctl::ops
