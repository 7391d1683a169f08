// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/global_options.hpp"

#include <regctl/cli/console.hpp>
#include <regctl/http/credentials.hpp>

#include <optional>
#include <string>

namespace regctl::cli {

/// The credential of --username and --password-stdin; nothing if neither is given. The password
/// comes from standard input, from REGCTL_PASSWORD, or from a prompt, in this order. Throws
/// Error{usage} if a missing part cannot be obtained.
std::optional<http::Credential> credential_from_flags(const GlobalOptions& globals,
                                                      Console& console);

/// The credential for `regctl login`. In addition, the user name may come from the environment or
/// from a prompt.
http::Credential credential_for_login(const GlobalOptions& globals, Console& console,
                                      const std::string& host);

} // namespace regctl::cli
