// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/session.hpp>

#include <string>

namespace regctl::ops {

/// Checks the credential at the registry and stores it if it is accepted. A host that speaks both
/// protocols is asked by v2, and by v1 if v2 lets everybody in. If a registry has no way to check
/// it, it is stored and a note says so. Returns where it was stored, in words for the
/// user. Throws Error{denied} if it is refused.
std::string login(Session& session, const RegistryHost& host, const http::Credential& credential);

/// Removes the stored credential of the host. Returns false if there was none.
bool logout(Session& session, const RegistryHost& host);

} // namespace regctl::ops
