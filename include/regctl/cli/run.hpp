// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/cli/console.hpp>
#include <regctl/cli/exit_code.hpp>
#include <regctl/cli/verbs.hpp>

#include <string>
#include <vector>

namespace regctl::cli {

/// The whole program: parses `arguments` (without the program's name), runs the command, and
/// reports errors on `console.err`. Never throws: exceptions become text and exit codes only here.
/// A closed pipe on standard output is no error.
ExitCode run(const std::vector<std::string>& arguments, Console& console, const OpenVerbs& open);

} // namespace regctl::cli
