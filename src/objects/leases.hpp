// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace regctl::objects {

/// Leases of names among the threads of this process. Thread-safe. Must outlive its leases.
class Leases {
public:
  class Lease {
  public:
    Lease(Leases& leases, std::string name, Sharing sharing)
        : leases_(leases), name_(std::move(name)), sharing_(sharing) {}
    ~Lease() { leases_.end(name_, sharing_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

  private:
    Leases& leases_;
    std::string name_;
    Sharing sharing_;
  };

  /// Waits up to `patience` (nothing: without limit), then returns null. Throws
  /// Error{interrupted}.
  std::unique_ptr<Lease> take(const std::string& name, Sharing sharing,
                              std::optional<std::chrono::milliseconds> patience);

private:
  struct Holders {
    std::size_t shared = 0;
    bool exclusive = false;
    std::size_t waiting = 0;

    [[nodiscard]] bool lets_in(Sharing sharing) const {
      return !exclusive && (sharing == Sharing::shared || shared == 0);
    }
  };

  void end(const std::string& name, Sharing sharing);
  void drop_if_unused(const std::string& name);

  std::mutex mutex_; ///< guards the map
  std::condition_variable changed_;
  std::map<std::string, Holders> holders_; ///< of names that are leased or waited for
};

} // namespace regctl::objects
