// SPDX-License-Identifier: Apache-2.0
#include "objects/part_buffers.hpp"

#include <regctl/base/interrupt.hpp>

#include <utility>

namespace regctl::objects {

namespace {

constexpr std::size_t k_most_spare = 2;

/// Counts one that waits, for as long as this lives.
class Waiting {
public:
  explicit Waiting(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
  ~Waiting() { --count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

private:
  std::atomic<std::size_t>& count_;
};

} // namespace

PartBuffers::PartBuffers(std::size_t limit, std::size_t size_bytes, Clock::duration patience)
    : patience_(patience), left_(limit), size_bytes_(size_bytes) {
  spare_.reserve(k_most_spare); // so that a destructor allocates nothing
}

PartBuffers::Buffer::Buffer(PartBuffers& buffers) : buffers_(buffers) {
  std::unique_lock lock(buffers_.mutex_);
  {
    const Waiting waiting(buffers_.waiting_);
    while (buffers_.left_ == 0) {
      check_interrupted();
      buffers_.changed_.wait_for(lock, k_interrupt_glance);
    }
  }
  if (buffers_.spare_.empty()) {
    bytes.reserve(buffers_.size_bytes_); // takes no memory before it is written to
  } else {
    bytes = std::move(buffers_.spare_.back());
    buffers_.spare_.pop_back();
  }
  --buffers_.left_;
  taken_at_ = Clock::now();
}

bool PartBuffers::Buffer::is_due() const noexcept {
  return buffers_.waiting_ > 0 && Clock::now() - taken_at_ >= buffers_.patience_;
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
