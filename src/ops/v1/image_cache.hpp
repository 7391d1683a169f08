// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/seeded_hash.hpp>
#include <regctl/model/v1/repository.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

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
  std::mutex mutex_; ///< guards the members below
  std::unordered_map<std::string, V1Image, SeededHash> images_;
  std::deque<std::string> order_; // oldest first
  std::size_t bytes_ = 0;
};

/// `repository` with its images read through `cache`. Both must outlive the result.
std::unique_ptr<V1Repository> make_cached_repository(V1Repository& repository, ImageCache& cache);

} // namespace regctl::ops
