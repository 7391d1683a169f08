// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/cli/console.hpp>
#include <regctl/cli/exit_code.hpp>
#include <regctl/cli/verbs.hpp>

#include <string>
#include <vector>

namespace regctl::cli {

/// The whole program: parses `arguments` (without the program's name), runs the command, and says
/// on `console.err` what went wrong. Never throws; the only place that turns exceptions into text
/// and exit codes. A reader of standard output that went away is no error.
ExitCode run(const std::vector<std::string>& arguments, Console& console, const OpenVerbs& open);

} // namespace regctl::cli
