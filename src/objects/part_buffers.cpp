// SPDX-License-Identifier: Apache-2.0
#include "objects/part_buffers.hpp"

#include <regctl/base/interrupt.hpp>

#include <chrono>
#include <utility>

namespace regctl::objects {

namespace {

constexpr std::size_t k_most_spare = 2;

} // namespace

PartBuffers::PartBuffers(std::size_t limit, std::size_t size_bytes)
    : left_(limit), size_bytes_(size_bytes) {
  spare_.reserve(k_most_spare); // so that a destructor allocates nothing
}

PartBuffers::Buffer::Buffer(PartBuffers& buffers) : buffers_(buffers) {
  std::unique_lock lock(buffers_.mutex_);
  while (buffers_.left_ == 0) {
    check_interrupted();
    buffers_.changed_.wait_for(lock, k_interrupt_glance);
  }
  if (buffers_.spare_.empty()) {
    bytes.reserve(buffers_.size_bytes_); // takes no memory before it is written to
  } else {
    bytes = std::move(buffers_.spare_.back());
    buffers_.spare_.pop_back();
  }
  --buffers_.left_;
}

PartBuffers::Buffer::~Buffer() {
  {
    const std::lock_guard lock(buffers_.mutex_);
    ++buffers_.left_;
    if (buffers_.spare_.size() < k_most_spare && bytes.capacity() <= buffers_.size_bytes_) {
      bytes.clear();
      buffers_.spare_.push_back(std::move(bytes));
    }
  }
  buffers_.changed_.notify_one();
}

} // namespace regctl::objects
