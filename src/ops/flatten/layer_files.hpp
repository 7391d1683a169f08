// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/record_sorter.hpp>
#include <regctl/base/stream.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// What was found in one layer.
struct LayerContent {
  std::string diff_id;   ///< "sha256:" and the hex sum of the unpacked bytes
  bool is_blank = false; ///< it unpacks to zeros, or to nothing: a layer without entries
  /// Its entries, with the sums of their contents, its whiteouts, and its hard links under the path
  /// that they are links to, sorted by path.
  SortedRecords files = {};
};

/// Reads a layer to its end, whatever its compression; memory does not depend on its size. Bytes
/// behind the end of gzip are passed over, as a conversion does. `what` names it in messages.
///
/// Throws Error{protocol} for a layer that is no tar and for a name that leads out of the image;
/// Error{unsupported} for sparse files; Error{local_io} for a full disk; and as `layer` does.
LayerContent read_layer_content(Source& layer, const std::string& what,
                                const std::shared_ptr<RecordFile>& file);

} // namespace regctl::ops
