// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/ops/map/map_line.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace regctl::ops {

/// Called for a line of a map. `layer` is the layer of the image that was found; null if it is the
/// image itself.
using OnMapLine = std::function<void(const MapLine& line, const MadeLayer* layer)>;

/// Looks something up in the map `file` ("-" for standard input), and calls `on_line` for each line
/// that has it: a repository or tag by its name at either end, with or without its host; a v1 image
/// by its ID; a manifest, a config or a layer by its digest, diff ID or payload checksum. Of IDs
/// and digests the first 12 digits suffice. Throws Error{not_found} if no line has it, also for a
/// missing file; Error{protocol} for a line that is none of a map.
void look_up_map(const std::string& file, const std::string& what, const OnMapLine& on_line);

struct RewriteOptions {
  bool pin = false; ///< NAME@DIGEST instead of NAME:TAG
  /// "HOST[:PORT]", the names by which the text knows the old registry; empty: those of the map.
  std::vector<std::string> old_hosts;
  std::string new_host; ///< "HOST[:PORT]" of the new registry; "": that of the map
};

/// A reference of which more is to be said.
struct RemarkedReference {
  std::size_t line = 0; ///< in the text, from 1
  std::string text;
  std::string remark;      ///< "is not in the map", "is not pinned: …"
  bool is_replaced = true; ///< false if it was left as it was
};

struct RewriteSummary {
  std::size_t replaced = 0;
  std::size_t left = 0;
  std::size_t not_pinned = 0; ///< of `replaced`
};

/// Copies `text` to `out`, with every image reference of the old registry replaced by what the map
/// `file` says it became. Works on text of any kind: a reference begins with the host and ends
/// where its name or tag does, and nothing else is changed. One inside a longer word is left alone.
/// A reference whose tag is a variable, or without a tag, keeps that and gets the new name.
/// `on_remark` is called for each reference that was not found or not pinned. Memory does not grow
/// with the text, but with the map's tags: some 200 bytes for each.
/// Throws Error{usage} if the map has no registry at an end and the options name none, or if a
/// repository became several; Error{protocol} as look_up_map().
RewriteSummary rewrite_references(const std::string& file, const RewriteOptions& options,
                                  Source& text, Sink& out,
                                  const std::function<void(const RemarkedReference&)>& on_remark);

} // namespace regctl::ops
