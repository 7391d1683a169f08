// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace regctl::ops {

/// The number of a layer in its image: 1 for the base, then upwards.
using LayerNumber = std::uint16_t;

/// What is known of the paths of an image whose layers are read from the top down: enough to tell
/// of each entry below whether it shows in the image. Paths have neither "." and ".." nor slashes
/// at their ends; "" is the root. Not thread-safe.
///
/// A path is remembered as 64 bits of a hash that no image can choose for, in some 50 bytes of
/// memory. Of an image with a million paths, two have the same hash with odds of one to 37 million;
/// one of them could then be left out.
///
/// Source: OCI image-spec 1.1, layer.md; overlayfs, as Docker 20.10 and containerd 1.6 use it, for
/// folders that a layer implies.
class SeenPaths {
public:
  enum class Found { nothing, folder, other };

  /// Whether the layers above `layer` hide what `layer` has at `path`.
  [[nodiscard]] bool is_hidden(std::string_view path, bool is_folder, LayerNumber layer) const;

  /// What `layer` has at `path`, of its entries so far.
  [[nodiscard]] Found find(std::string_view path, LayerNumber layer) const;

  /// Notes an entry of `layer`, whether it is hidden or not. Throws Error{unsupported} for more
  /// than k_path_limit paths.
  void add(std::string_view path, bool is_folder, LayerNumber layer);

  /// Notes that `layer` removes `path`, and all below it, from the layers below.
  void add_whiteout(std::string_view path, LayerNumber layer);

  /// Notes that `layer` removes all below `folder` from the layers below.
  void add_opaque(std::string_view folder, LayerNumber layer);

  static constexpr std::size_t k_path_limit = 20'000'000;

private:
  /// The highest layers that did something to a path; 0 for none.
  struct Marks {
    LayerNumber taken = 0;   ///< has an entry or a whiteout there: those of lower layers are hidden
    LayerNumber covered = 0; ///< hides what lower layers have below the path
    LayerNumber implied = 0; ///< has something below the path, which thus is a folder
    LayerNumber seen = 0;    ///< the last, not the highest, layer that has an entry there
    bool is_folder = false;  ///< of the entry in `seen`
  };

  struct AsItIs {
    std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
  };

  [[nodiscard]] const Marks* marks_of(std::string_view path) const;
  Marks& marks_for(std::string_view path);
  void imply_parents(std::string_view path, LayerNumber layer);

  std::unordered_map<std::uint64_t, Marks, AsItIs> paths_;
};

} // namespace regctl::ops
