// SPDX-License-Identifier: Apache-2.0
#include "server/daemon_watch.hpp"

#include <sys/socket.h>

namespace regctl::server {

namespace {

constexpr std::int64_t k_ms_per_s = 1000;
constexpr std::int64_t k_slowest_body_bytes_per_s = 1024;
constexpr unsigned char k_tls_handshake = 0x16;

bool begins_with_tls(int fd) {
  unsigned char first = 0;
  return ::recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first == k_tls_handshake;
}

} // namespace

std::int64_t now_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Watch::Watch(std::chrono::seconds timeout)
    : timeout_ms_(timeout.count() * k_ms_per_s), thread_([this] { run(); }) {}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Peer* Watch::add(int fd, bool is_secure) {
  if (!is_secure && begins_with_tls(fd)) {
    ::shutdown(fd, SHUT_RDWR);
  }
  const std::lock_guard lock(mutex_);
  ++count_;
  auto& peer = peers_.emplace_front();
  peer.fd = fd;
  peer.waiting_since_ms = now_ms();
  peer.self = peers_.begin();
  return &peer;
}

void Watch::remove(Peer* peer) noexcept {
  const std::lock_guard lock(mutex_);
  --count_;
  peers_.erase(peer->self);
}

void Watch::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return ending_; })) {
    shut_down_the_slow();
  }
}

void Watch::shut_down_the_slow() {
  const auto now = now_ms();
  for (const auto& peer : peers_) {
    const auto waiting = peer.waiting_since_ms.load();
    const auto body = peer.body_since_ms.load();
    const bool is_idle = waiting != 0 && now - waiting > timeout_ms_;
    const bool is_slow = body != 0 && now - body > timeout_ms_ &&
                         static_cast<std::int64_t>(peer.body_bytes.load()) <
                             (now - body) / k_ms_per_s * k_slowest_body_bytes_per_s;
    if (is_idle || is_slow) {
      ::shutdown(peer.fd, SHUT_RDWR);
    }
  }
}

} // namespace regctl::server
