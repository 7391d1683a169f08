// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace regctl::server {

/// How often a waiting request checks that its client is still there.
inline constexpr auto k_glance = std::chrono::milliseconds(100);

/// Limits the total of memory or work in use at a time. A request larger than the limit works
/// alone. Thread-safe.
class WorkLimit {
public:
  explicit WorkLimit(std::uint64_t limit) : limit_(limit) {}

  /// A share of the limit, given back at destruction.
  class Share {
  public:
    Share() = default;
    Share(WorkLimit& limiter, std::uint64_t size) : limiter_(&limiter), size_(size) {}
    Share(Share&& other) noexcept : limiter_(other.limiter_), size_(other.size_) {
      other.limiter_ = nullptr;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    Share& operator=(Share&&) = delete;
    ~Share() { end(); }

    void end() noexcept {
      if (limiter_ != nullptr) {
        limiter_->give_back(size_);
        limiter_ = nullptr;
      }
    }

  private:
    WorkLimit* limiter_ = nullptr;
    std::uint64_t size_ = 0;
  };

  /// Waits until `size` of the limit is free. Throws as check_wanted() of `request` does.
  [[nodiscard]] Share take(std::uint64_t size, const Request& request) {
    std::unique_lock lock(mutex_);
    while (taken_ > 0 && taken_ + size > limit_) {
      changed_.wait_for(lock, k_glance);
      lock.unlock();
      request.check_wanted();
      lock.lock();
    }
    taken_ += size;
    return {*this, size};
  }

private:
  void give_back(std::uint64_t size) noexcept {
    {
      const std::lock_guard lock(mutex_);
      taken_ -= size;
    }
    changed_.notify_all();
  }

  std::uint64_t limit_;
  std::mutex mutex_; ///< guards `taken_`
  std::condition_variable changed_;
  std::uint64_t taken_ = 0;
};

} // namespace regctl::server
