// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/global_options.hpp"

#include <regctl/cli/console.hpp>
#include <regctl/http/credentials.hpp>

#include <optional>
#include <string>

namespace regctl::cli {

/// The credential of --username and --password-stdin; nothing without either. The password is read
/// from standard input, else taken from REGCTL_PASSWORD, else asked for. Throws Error{usage} if
/// there is no way to get what is missing.
std::optional<http::Credential> credential_from_flags(const GlobalOptions& globals,
                                                      Console& console);

/// The credential for `regctl login`: as above, the environment counts, and a user name is asked
/// for too.
http::Credential credential_for_login(const GlobalOptions& globals, Console& console,
                                      const std::string& host);

} // namespace regctl::cli
