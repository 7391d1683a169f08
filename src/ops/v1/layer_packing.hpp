// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/compression.hpp>
#include <regctl/base/stream.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// The format of a layer, from its first bytes.
struct LayerHead {
  Compression compression = Compression::none;
  bool is_tar = false; ///< uncompressed: a tar, or an empty layer
};

/// Reads the beginning of `layer`.
LayerHead read_layer_head(std::unique_ptr<Source> layer);

/// Whether engines with protocol v1 (up to 1.9) can unpack the compression: plain tar, gzip, bzip2
/// and xz. (zstd came with Docker 23.) Source: docker 1.9.1, pkg/archive/archive.go.
bool is_read_by_v1_engines(Compression compression) noexcept;

/// `layer`, whatever its compression, as gzip. When the result ends, `layer` was read to its end
/// too, so that its verification has passed. `what` names it in errors.
std::unique_ptr<Source> repack_layer(std::unique_ptr<Source> layer, std::string what);

/// Words for a note: "zstd, which no engine that speaks protocol v1 unpacks".
std::string unread_compression(Compression compression);

} // namespace regctl::ops
