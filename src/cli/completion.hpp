// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/manual.hpp"

#include <string>

namespace regctl::cli {

/// The script that completes commands, options, and the values of options with fixed choices in
/// "bash", "zsh" or "fish". It is generated from the table of commands. Throws Error{usage} for
/// another shell.
std::string completion_script(const std::string& shell, const Manual& manual);

std::string bash_completion(const Manual& manual);
std::string zsh_completion(const Manual& manual);
std::string fish_completion(const Manual& manual);

} // namespace regctl::cli
