// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regctl::objects {

/// The words of a command line as a POSIX shell would take them, without its expansions: single
/// and double quotes, and backslashes. Throws Error{usage} for a quote that does not end.
std::vector<std::string> split_command(std::string_view line);

/// Runs the command of credential_process, without a shell, and reads the key that it prints.
/// `origin` names the profile. Throws Error{usage} for no command, Error{denied} for a command that
/// cannot be run or fails, Error{protocol} for an output that is no key, and quotes none of it.
/// Source: AWS SDKs and Tools Reference Guide, "Process credential provider"; botocore 1.29, which
/// uses no shell either.
FoundKey run_credential_process(const std::string& line, const std::string& origin);

} // namespace regctl::objects
