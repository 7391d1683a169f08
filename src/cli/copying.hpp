// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <regctl/model/place.hpp>
#include <regctl/ops/copy.hpp>

#include <CLI/CLI.hpp>

#include <string>

namespace regctl::cli {

/// What pull, push and copy have in common.
struct CopyFlags {
  bool all_tags = false;
  bool no_verify = false;
  bool no_compress = false;
};

void add_copy_flags(CLI::App& command, CopyFlags& flags);

/// Copies and prints a line (or a JSON list) of what came about: place and ID of each tag. Prints
/// nothing if the archive itself went to stdout. Throws Error{usage} for an archive on a terminal.
ExitCode copy_and_tell(const Place& from, const Place& to, const CopyFlags& flags,
                       Context& context);

} // namespace regctl::cli
