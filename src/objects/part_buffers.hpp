// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>

namespace regctl::objects {

/// Buffers for parts of uploads: at most so many at a time, because a server has many clients.
/// Thread-safe. Must outlive its buffers.
class PartBuffers {
public:
  explicit PartBuffers(std::size_t limit) : left_(limit) {}

  class Buffer {
  public:
    /// Waits until there is room for one more. Throws Error{interrupted}.
    explicit Buffer(PartBuffers& buffers);
    ~Buffer();
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    std::string bytes;

  private:
    PartBuffers& buffers_;
  };

private:
  std::mutex mutex_; ///< guards left_
  std::condition_variable changed_;
  std::size_t left_;
};

} // namespace regctl::objects
