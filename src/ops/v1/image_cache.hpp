// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>
#include <regctl/model/v1/repository.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace regctl::ops {

/// Recently read images of one source, by ID. Chains share their lower ends, and an ID means the
/// same image in each repository. Holds about k_limit_bytes and drops the oldest images.
/// Thread-safe.
class ImageCache {
public:
  std::optional<V1Image> find(const std::string& id);
  void put(const V1Image& image);

  static constexpr std::size_t k_limit_bytes = 8 * 1024 * 1024;

private:
  std::mutex mutex_;                                                    ///< guards what follows
  LimitedMap<V1Image> images_{std::numeric_limits<std::size_t>::max()}; // bytes_ is what counts
  std::size_t bytes_ = 0;
};

/// `repository` with its images read through `cache`. Both must outlive the result.
std::unique_ptr<V1Repository> make_cached_repository(V1Repository& repository, ImageCache& cache);

} // namespace regctl::ops
