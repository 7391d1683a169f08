// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// The longest path in a layer. Source: Linux, PATH_MAX.
inline constexpr std::size_t k_flat_path_limit = 4096;

/// A name in a layer's tar as a path below the image's root: "./a//b/../c/" is "a/c", and "" the
/// root. Nothing for a name that leads out of the image, is too long, or has a zero byte.
std::optional<std::string> find_flat_path(std::string_view name);

/// What a name in a layer stands for.
struct LayerName {
  enum class Kind {
    entry,
    whiteout, ///< `path` is removed from the layers below
    opaque,   ///< all below `path` is
    own,      ///< a file of AUFS' own, never one of the image
  };
  Kind kind = Kind::entry;
  std::string path;
};

/// Reads a path as a layer means it. Nothing for a whiteout of no name.
std::optional<LayerName> read_layer_name(std::string path);

} // namespace regctl::ops
