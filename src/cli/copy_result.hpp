// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <string>

namespace regctl::cli {

/// Prints the result of pull, push or copy: "DESTINATION ID" for each tag, or one JSON object.
void print_copied(Context& context, const ops::CopyReport& report);

/// Prints only the JSON object: {"tags": [{"from", "to", "id", "verified"}], "images",
/// "images_there", "images_unverified", "bytes"}.
void print_copied_json(Context& context, const ops::CopyReport& report);

/// The flags that pull, push and copy share.
struct CopyFlags {
  bool all_tags = false;
  bool no_verify = false;
  bool no_compress = false;
  bool require_checksum = false;
};

/// Throws Error{usage} for flags that contradict each other.
ops::CopyOptions to_options(const CopyFlags& flags);

} // namespace regctl::cli
