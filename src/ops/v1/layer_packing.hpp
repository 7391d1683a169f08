// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/compression.hpp>
#include <regctl/base/stream.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// How the bytes of a layer begin.
struct LayerHead {
  Compression compression = Compression::none;
  bool is_tar = false; ///< uncompressed: a tar, or nothing at all
};

/// Reads the beginning of `layer`.
LayerHead read_layer_head(std::unique_ptr<Source> layer);

/// Whether the engines that speak protocol v1 (up to 1.9) unpack it: plain tar, gzip, bzip2 and xz;
/// zstd came with Docker 23. Source: docker 1.9.1, pkg/archive/archive.go.
bool is_read_by_v1_engines(Compression compression) noexcept;

/// `layer`, whatever its compression, as gzip. Read to its end it has read `layer` to its end,
/// where that is verified; `what` names it in errors.
std::unique_ptr<Source> repack_layer(std::unique_ptr<Source> layer, std::string what);

/// For a note: "zstd, which no engine that speaks protocol v1 unpacks".
std::string unread_compression(Compression compression);

} // namespace regctl::ops
