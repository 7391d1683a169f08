// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>
#include <regctl/model/oci/digest.hpp>

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace regctl::ops {

/// Which repositories of a destination are known to have which blobs, so that a blob that came into
/// one of them is mounted into the others. Remembers one repository for each of the k_limit blobs
/// that were added last. Thread-safe.
class BlobPlaces {
public:
  /// Places that outlive the run; called with a lock held. Empty functions: there are none.
  struct Memory {
    std::function<std::optional<std::string>(const oci::Digest& digest)> find = {};
    std::function<void(const oci::Digest& digest, const std::string& repository)> put = {};
  };
  /// Uses another memory from now on.
  void remember_by(Memory memory);

  /// Records that `repository` has the blob.
  void add(const oci::Digest& digest, const std::string& repository);

  /// A repository that has the blob; nothing if none is known.
  [[nodiscard]] std::optional<std::string> find(const oci::Digest& digest) const;

  /// A repository that had the blob in an earlier run, and may have lost it since; nothing if the
  /// memory has none.
  [[nodiscard]] std::optional<std::string> find_former(const oci::Digest& digest) const;

  static constexpr std::size_t k_limit = 32'768;

private:
  mutable std::mutex mutex_; ///< guards the members below
  LimitedMap<std::string> repositories_{k_limit};
  Memory memory_;
};

} // namespace regctl::ops
