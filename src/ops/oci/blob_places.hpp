// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>
#include <regctl/model/oci/digest.hpp>

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

namespace regctl::ops {

/// Which repositories of a destination are known to have which blobs, so that a blob that came into
/// one of them is mounted into the others. Remembers one repository for each of the k_limit blobs
/// that were added last. Thread-safe.
class BlobPlaces {
public:
  /// Records that `repository` has the blob.
  void add(const oci::Digest& digest, const std::string& repository);

  /// A repository that has the blob; nothing if none is known.
  [[nodiscard]] std::optional<std::string> find(const oci::Digest& digest) const;

  static constexpr std::size_t k_limit = 32'768;

private:
  mutable std::mutex mutex_; ///< guards the member below
  LimitedMap<std::string> repositories_{k_limit};
};

} // namespace regctl::ops
