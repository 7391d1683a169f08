// SPDX-License-Identifier: Apache-2.0
#pragma once

// cli/: how regctl is asked and how it answers: one file per command, one table of commands,
// output, progress, exit codes. Commands parse, call one verb of ops/, and show what it returns.

#include <regctl/cli/exit_code.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace regctl::cli {

/// The whole program: parses `arguments` (without the program's name), runs the command, writes
/// results to `out` and talk and errors to `err`. Never throws. Commands that move archives or
/// layers through stdin or stdout use the process's own.
ExitCode run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

} // namespace regctl::cli
