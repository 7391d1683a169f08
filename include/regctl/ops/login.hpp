// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/session.hpp>

#include <string>

namespace regctl::ops {

/// Checks the credential at the registry and stores it only if it is accepted. Returns where it was
/// stored, for the user. Throws Error{denied}.
std::string login(Session& session, const RegistryHost& host, const http::Credential& credential);

/// Forgets what is stored for the host. Returns false if there was nothing.
bool logout(Session& session, const RegistryHost& host);

} // namespace regctl::ops
