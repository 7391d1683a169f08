// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace regctl::objects {

/// Buffers for parts of uploads: at most so many at a time, because a server has many clients. Few
/// that are not used are kept for the next part: new memory takes as much time as its bytes do.
/// Thread-safe. Must outlive its buffers.
class PartBuffers {
public:
  using Clock = std::chrono::steady_clock;

  /// A buffer has room for `size_bytes`, and may grow. An upload may keep one for `patience`,
  /// however slowly its bytes come.
  PartBuffers(std::size_t limit, std::size_t size_bytes, Clock::duration patience = k_patience);

  class Buffer {
  public:
    /// Waits until there is room for one more. Throws Error{interrupted}.
    explicit Buffer(PartBuffers& buffers);
    ~Buffer();
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    /// Whether its time is over and another upload waits for a buffer.
    [[nodiscard]] bool is_due() const noexcept;

    std::string bytes;

  private:
    PartBuffers& buffers_;
    Clock::time_point taken_at_;
  };

private:
  static constexpr std::chrono::seconds k_patience{10};

  Clock::duration patience_;
  std::atomic<std::size_t> waiting_ = 0; ///< uploads; changes under mutex_
  std::mutex mutex_;                     ///< guards left_ and spare_
  std::condition_variable changed_;
  std::size_t left_;
  std::size_t size_bytes_;
  std::vector<std::string> spare_; ///< empty, with room
};

} // namespace regctl::objects
