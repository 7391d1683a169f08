// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/key_locks.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/model/oci/repository.hpp>

#include <cstddef>
#include <mutex>
#include <string>

namespace regctl::ops {

/// How far a destination is looked into.
enum class LookAt {
  sizes, ///< of each manifest all, of each blob whether it is there, and its size
  bytes, ///< all bytes: they cost no request
};

/// Tells which images of a destination are whole, as far as it can be looked at. Blobs that were
/// found whole are not looked at again, nor by two threads at once; the k_limit last ones are
/// remembered. Thread-safe.
class WholeImages {
public:
  explicit WholeImages(LookAt look_at) : look_at_(look_at) {}

  /// Whether the image, or the index with all its images, is in `repository` with all blobs.
  /// `name` tells the repositories of the destination apart. Throws errors that say nothing about
  /// the image: Error{unavailable}, Error{denied}, an interruption.
  bool is_whole(OciRepository& repository, const std::string& name, const oci::Digest& image);

  /// The same for one blob. One that need not be there is whole.
  bool has(OciRepository& repository, const std::string& name, const oci::Descriptor& blob);

  static constexpr std::size_t k_limit = 32'768;

private:
  LookAt look_at_;
  KeyLocks looking_; ///< held while a blob is looked at
  std::mutex mutex_; ///< guards the member below
  LimitedMap<bool> whole_{k_limit};
};

} // namespace regctl::ops
