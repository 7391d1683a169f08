// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <string>

namespace regctl::cli {

/// Prints what pull, push and copy have done: "DESTINATION ID" for each tag, or one JSON object.
void print_copied(Context& context, const ops::CopyReport& report);

/// The JSON object alone: {"tags": [{"source", "destination", "id"}], "images_copied",
/// "images_skipped", "bytes"}.
void print_copied_json(Context& context, const ops::CopyReport& report);

/// --no-verify and --no-compress as they are named in the options of all three commands.
struct CopyFlags {
  bool all_tags = false;
  bool no_verify = false;
  bool no_compress = false;
};

ops::CopyOptions to_options(const CopyFlags& flags);

} // namespace regctl::cli
