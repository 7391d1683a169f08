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

/// Limits the total of memory or work in use at a time. A request larger than the limit gets its
/// turn alone. Thread-safe.
class Turns {
public:
  explicit Turns(std::uint64_t limit) : limit_(limit) {}

  /// A share of the limit, given back at destruction.
  class Turn {
  public:
    Turn() = default;
    Turn(Turns& turns, std::uint64_t size) : turns_(&turns), size_(size) {}
    Turn(Turn&& other) noexcept : turns_(other.turns_), size_(other.size_) {
      other.turns_ = nullptr;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;
    ~Turn() { end(); }

    void end() noexcept {
      if (turns_ != nullptr) {
        turns_->give_back(size_);
        turns_ = nullptr;
      }
    }

  private:
    Turns* turns_ = nullptr;
    std::uint64_t size_ = 0;
  };

  /// Waits until `size` of the limit is free. Throws as check_wanted() of `request` does.
  [[nodiscard]] Turn take(std::uint64_t size, const Request& request) {
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
