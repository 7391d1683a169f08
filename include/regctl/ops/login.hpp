// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/session.hpp>

#include <string>

namespace regctl::ops {

/// Checks the credential at the registry and stores it only if it is accepted; where a registry has
/// no way to check it, a note says so and it is stored. Returns where it was stored, for the user.
/// Throws Error{denied} if it is refused.
std::string login(Session& session, const RegistryHost& host, const http::Credential& credential);

/// Forgets what is stored for the host. Returns false if there was nothing.
bool logout(Session& session, const RegistryHost& host);

} // namespace regctl::ops
