// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"

#include <regctl/base/interrupt.hpp>

#include <algorithm>
#include <thread>

namespace regctl::http {

namespace {

/// Initialises libcurl, once. Not at program start, because it takes milliseconds and not every
/// command needs it.
void init_libcurl() {
  static const auto code = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) {
    throw Error(ErrorKind::unsupported,
                std::string("libcurl does not start: ") + ::curl_easy_strerror(code));
  }
}

} // namespace

Loop::Loop() {
  init_libcurl();
  multi_.reset(::curl_multi_init());
  if (!multi_) {
    throw std::bad_alloc();
  }
}

void Loop::add(Exchange& exchange) {
  ::curl_multi_add_handle(multi_.get(), exchange.easy_.get());
  ++exchanges_;
}

void Loop::remove(Exchange& exchange) noexcept {
  ::curl_multi_remove_handle(multi_.get(), exchange.easy_.get());
  --exchanges_;
}

void Loop::perform() {
  check_interrupted();
  int running = 0;
  ::curl_multi_perform(multi_.get(), &running);
  int left = 0;
  while (const auto* message = ::curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) {
      void* exchange = nullptr;
      ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      static_cast<Exchange*>(exchange)->finish(message->data.result);
    }
  }
}

void Loop::wait(std::chrono::milliseconds timeout) {
  ::curl_waitfd interruption = {};
  interruption.fd = interrupt_fd();
  interruption.events = CURL_WAIT_POLLIN;
  ::curl_multi_poll(multi_.get(), &interruption, interruption.fd >= 0 ? 1 : 0,
                    static_cast<int>(timeout.count()), nullptr);
  check_interrupted();
}

struct Loops::Lent {
  std::thread::id thread;
  std::unique_ptr<Loop> loop;
  std::size_t borrowers = 0;
};

Loops::Loops() = default;
Loops::~Loops() = default;

Loop& Loops::borrow() {
  const std::lock_guard lock(mutex_);
  const auto me = std::this_thread::get_id();
  auto lent = std::find_if(lent_.begin(), lent_.end(),
                           [&](const Lent& entry) { return entry.thread == me; });
  if (lent == lent_.end()) {
    idle_.reserve(lent_.size() + idle_.size() + 1); // so that give_back() does not allocate
    std::unique_ptr<Loop> loop;
    if (idle_.empty()) {
      loop = std::make_unique<Loop>();
    } else {
      loop = std::move(idle_.back());
      idle_.pop_back();
    }
    lent_.push_back({me, std::move(loop), 0});
    lent = std::prev(lent_.end());
  }
  ++lent->borrowers;
  return *lent->loop;
}

void Loops::give_back(Loop& loop) noexcept {
  const std::lock_guard lock(mutex_);
  const auto lent = std::find_if(lent_.begin(), lent_.end(),
                                 [&](const Lent& entry) { return entry.loop.get() == &loop; });
  if (lent != lent_.end() && --lent->borrowers == 0) {
    idle_.push_back(std::move(lent->loop));
    lent_.erase(lent);
  }
}

} // namespace regctl::http
