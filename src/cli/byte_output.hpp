// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <regctl/base/stream.hpp>

#include <functional>
#include <string>

namespace regctl::cli {

/// Where a command's bytes go.
struct ByteOutput {
  std::string file;          ///< "" or "-": standard output
  std::string what;          ///< for messages: "a layer"
  std::string terminal_hint; ///< what to do instead of writing to a terminal
};

/// Calls `write` with the file, which gets its name when all is written, or with standard output.
/// Returns whether it was a file. Throws Error{usage} for a terminal, and for --format json on
/// standard output; Error{local_io} if the reader of standard output goes away before all is
/// written.
bool write_bytes(Context& context, const ByteOutput& output,
                 const std::function<void(Sink&)>& write);

} // namespace regctl::cli
