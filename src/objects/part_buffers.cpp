// SPDX-License-Identifier: Apache-2.0
#include "objects/part_buffers.hpp"

#include <regctl/base/interrupt.hpp>

#include <chrono>

namespace regctl::objects {

namespace {

constexpr std::chrono::milliseconds k_glance{100}; // how often a waiting thread looks for Ctrl-C

} // namespace

PartBuffers::Buffer::Buffer(PartBuffers& buffers) : buffers_(buffers) {
  std::unique_lock lock(buffers_.mutex_);
  while (buffers_.left_ == 0) {
    check_interrupted();
    buffers_.changed_.wait_for(lock, k_glance);
  }
  --buffers_.left_;
}

PartBuffers::Buffer::~Buffer() {
  {
    const std::lock_guard lock(buffers_.mutex_);
    ++buffers_.left_;
  }
  buffers_.changed_.notify_one();
}

} // namespace regctl::objects
