// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace regctl::server {

/// Layers that were taken and whose checksum is awaited. Where two clients push one image at the
/// same time, the first checksum completes it; the second is told that all is well instead of 409,
/// which engines take for a failure. Bounded; thread-safe.
class PendingChecksums {
public:
  /// A layer with this checksum was taken.
  void add(const std::string& id, const std::string& checksum) {
    const std::lock_guard lock(mutex_);
    if (counts_.size() >= k_limit) {
      counts_.clear();
    }
    ++counts_[id + " " + checksum];
  }

  /// Whether a client still owes this checksum; it no longer does.
  bool take(const std::string& id, const std::string& checksum) {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(id + " " + checksum);
    if (found == counts_.end()) {
      return false;
    }
    if (--found->second == 0) {
      counts_.erase(found);
    }
    return true;
  }

private:
  static constexpr std::size_t k_limit = 4096;
  std::mutex mutex_;
  std::map<std::string, std::size_t> counts_;
};

} // namespace regctl::server
