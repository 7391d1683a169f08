// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <string>

namespace regctl::cli {

/// Prints what pull, push and copy have done: "DESTINATION ID" for each tag, or one JSON object.
void print_copied(Context& context, const ops::CopyReport& report);

/// The JSON object alone: {"tags": [{"from", "to", "id", "verified"}], "images", "images_there",
/// "images_unverified", "bytes"}.
void print_copied_json(Context& context, const ops::CopyReport& report);

/// --no-verify, --no-compress and --require-checksum as the options of the three commands name
/// them.
struct CopyFlags {
  bool all_tags = false;
  bool no_verify = false;
  bool no_compress = false;
  bool require_checksum = false;
};

/// Throws Error{usage} for flags that do not go together.
ops::CopyOptions to_options(const CopyFlags& flags);

} // namespace regctl::cli
