// SPDX-License-Identifier: Apache-2.0
#include "server/v1/fetch.hpp"

#include "server/http/work_limit.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>

namespace regctl::server {

namespace {

constexpr std::uint64_t k_held_back_bytes = 16 * 1024;

} // namespace

class Fetch::Reader final : public Source {
public:
  Reader(std::shared_ptr<Fetch> fetch, std::unique_ptr<Source> written)
      : fetch_(std::move(fetch)), written_(std::move(written)) {}

  std::size_t read(std::span<std::byte> out) override {
    std::uint64_t end = 0;
    {
      std::unique_lock lock(fetch_->mutex_);
      fetch_->changed_.wait(lock, [&] {
        end = fetch_->is_complete_
                  ? fetch_->written_bytes_
                  : fetch_->written_bytes_ - std::min(fetch_->written_bytes_, k_held_back_bytes);
        return fetch_->is_complete_ || fetch_->failure_ || end > offset_;
      });
      if (fetch_->failure_) {
        rethrow_copy(fetch_->failure_);
      }
    }
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end - offset_));
    if (wanted == 0) {
      return 0;
    }
    const auto n = written_->read(out.first(wanted));
    if (n == 0) {
      throw Error(ErrorKind::local_io, "a layer being fetched lost bytes that were written");
    }
    offset_ += n;
    return n;
  }

private:
  std::shared_ptr<Fetch> fetch_; // the reader may outlive the fetching thread
  std::unique_ptr<Source> written_;
  std::uint64_t offset_ = 0;
};

void Fetch::start(OpenSource written, std::optional<std::uint64_t> size_bytes) {
  const std::lock_guard lock(mutex_);
  written_ = std::move(written);
  size_bytes_ = size_bytes;
  changed_.notify_all();
}

void Fetch::advance(std::uint64_t written_bytes) {
  const std::lock_guard lock(mutex_);
  written_bytes_ = written_bytes;
  changed_.notify_all();
}

void Fetch::succeed() {
  const std::lock_guard lock(mutex_);
  is_complete_ = true;
  changed_.notify_all();
}

void Fetch::fail(std::exception_ptr reason) noexcept {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(reason);
  changed_.notify_all();
}

template <class IsOver> void Fetch::wait_for(const Request& request, IsOver&& is_over) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, k_glance, [&] { return failure_ || is_over(); })) {
    lock.unlock();
    request.check_wanted();
    lock.lock();
  }
  if (failure_) {
    rethrow_copy(failure_);
  }
}

void Fetch::wait_for_bytes(const Request& request) {
  wait_for(request, [&] { return is_complete_ || written_bytes_ > k_held_back_bytes; });
}

void Fetch::wait_for_end(const Request& request) {
  wait_for(request, [&] { return is_complete_; });
}

std::optional<std::uint64_t> Fetch::size_bytes() const {
  const std::lock_guard lock(mutex_);
  return size_bytes_;
}

std::unique_ptr<Source> Fetch::open() {
  const std::lock_guard lock(mutex_);
  return std::make_unique<Reader>(shared_from_this(), written_());
}

} // namespace regctl::server
