// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/key_locks.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/model/v1/repository.hpp>

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

namespace regctl::ops {

/// Tells which v1 images of a destination are damaged. Of one that is not remote, layers are read
/// and held to their checksums; a registry is asked whether it has the image. An image that was
/// found sound is not looked at again, nor by two threads at once; the k_limit last ones are
/// remembered. Thread-safe.
class WholeV1Images {
public:
  explicit WholeV1Images(bool reads_layers) : reads_layers_(reads_layers) {}

  using ParentOf = std::function<std::optional<std::string>(const std::string& id)>;

  /// Whether the image and all below it are whole. `parent_of` tells the parent of an image that
  /// cannot be read here. Throws errors that say nothing about the images.
  bool is_whole(V1Repository& repository, const std::string& id, const ParentOf& parent_of);

  /// Whether the image was found damaged. Returns true to its first caller alone, which sends the
  /// image again.
  bool take_damaged(const std::string& id);

  static constexpr std::size_t k_limit = 100'000;

private:
  /// An image that is sound by itself.
  struct Sound {
    std::optional<std::string> parent;
    bool is_whole = false; ///< with all below it
  };

  /// The image at the destination; nothing for one that is damaged or absent.
  std::optional<Sound> look(V1Repository& repository, const std::string& id);

  const bool reads_layers_;
  KeyLocks looking_; ///< held while an image is looked at
  std::mutex mutex_; ///< guards the members below
  LimitedMap<Sound> sound_{k_limit};
  std::unordered_set<std::string> damaged_;
};

/// Whether the image `id`, which is at the destination of `push`, was found damaged by `whole`
/// (which may be null): then put_image() stores it anew. Throws Error{unsupported} if the
/// destination takes no image again that it has.
bool start_over_if_damaged(WholeV1Images* whole, V1Push& push, const std::string& id);

} // namespace regctl::ops
