// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// A program that has ended.
struct ProgramResult {
  int exit_code = 0;  ///< -1 if a signal ended it
  std::string output; ///< its standard output
};

/// Runs `command` without a shell and waits for its end. The first word is the program, as a path
/// or as a name in PATH; the others are its arguments, taken as they are. `input` is its standard
/// input; environment and standard error are those of this process. A program that does not read
/// its input is no error. Throws Error{not_found} or Error{local_io} "cannot run PROGRAM: …",
/// Error{protocol} for more than 1 MiB of output, and Error{interrupted}; then the program has been
/// ended.
ProgramResult run_program(const std::vector<std::string>& command, std::string_view input = {});

} // namespace regctl
