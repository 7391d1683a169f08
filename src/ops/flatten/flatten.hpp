// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace regctl::ops {

/// A layer with changes to a file system: a tar, whatever its compression.
struct FlatLayer {
  OpenSource open;  ///< read to its end each time, so that a source that verifies does so
  std::string what; ///< for messages: "layer 90faa9565197"
};

/// Writes the file system that `layers` (the base first) make, as one tar: the newest form of each
/// file, without what was removed. Files come first, folders last, each behind what is in it: so
/// their times and modes are right when a tar is unpacked front to back. Owners, modes, times,
/// devices and extended attributes are kept; a folder has those of the highest layer with an entry
/// for it. A hard link stays one where its target is in the image; if the target was replaced or
/// removed by a higher layer, the link has its content.
///
/// Layers are read from the top down, each once, and once more where a link needs content that was
/// passed over. Memory does not depend on sizes: it is some 50 bytes for each path and some 200 for
/// each folder, and names of links that wait for a lower layer.
///
/// Throws Error{protocol} for a layer that is no tar, a name that leads out of the image, a hard
/// link to what is no file; Error{unsupported} for sparse files and for names and attributes of
/// k_flat_record_limit_bytes that would have to be remembered. Source of the rules for whiteouts:
/// OCI image-spec 1.1, layer.md; for AUFS' own files Docker 20.10.
void flatten(const std::vector<FlatLayer>& layers, Sink& tar);

inline constexpr std::size_t k_flat_record_limit_bytes = 512 * 1024 * 1024;

} // namespace regctl::ops
