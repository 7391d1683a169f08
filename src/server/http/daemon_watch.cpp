// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon_watch.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace regctl::server {

namespace {

constexpr std::int64_t k_ms_per_s = 1000;
constexpr std::uint64_t k_slowest_bytes_per_s = 1024;
constexpr unsigned char k_tls_handshake = 0x16;

bool begins_with_tls(int fd) {
  unsigned char first = 0;
  return ::recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first == k_tls_handshake;
}

/// How many bytes the client has sent, or acknowledged, since it connected.
std::uint64_t moved_bytes(int fd, Phase phase) {
  tcp_info info = {};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    return 0;
  }
  return phase == Phase::body ? info.tcpi_bytes_received : info.tcpi_bytes_acked;
}

} // namespace

std::int64_t now_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Peer::Peer(int fd, Phase phase, bool is_beyond_limit)
    : fd_(fd), is_beyond_limit_(is_beyond_limit), since_ms_(now_ms()), phase_(phase) {}

void Peer::begin(Phase phase) noexcept {
  since_ms_ = now_ms(); // before phase_: the watch reads them in the other order and must not see
                        // the old time
  phase_ = phase;
}

bool Peer::is_too_slow(std::int64_t now, std::int64_t timeout_ms) {
  const auto phase = phase_.load();
  const auto since = since_ms_.load();
  if (phase == Phase::working) {
    watched_since_ms_ = 0;
    return false;
  }
  if (phase == Phase::head) {
    return now - since > timeout_ms;
  }
  if (watched_since_ms_ == since && now - window_begin_ms_ <= timeout_ms) {
    return false;
  }
  const auto moved = moved_bytes(fd_, phase);
  const auto wanted = static_cast<std::uint64_t>(timeout_ms / k_ms_per_s) * k_slowest_bytes_per_s;
  const bool is_slow = watched_since_ms_ == since && moved - window_bytes_ < wanted;
  watched_since_ms_ = since;
  window_begin_ms_ = now;
  window_bytes_ = moved;
  return is_slow;
}

Watch::Watch(std::chrono::seconds timeout, std::size_t connections)
    : timeout_ms_(timeout.count() * k_ms_per_s), connections_(connections),
      thread_([this] { run(); }) {}

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
  peers_.emplace_front(fd, Phase::head, ++count_ > connections_);
  peers_.front().self_ = peers_.begin();
  return &peers_.front();
}

void Watch::remove(Peer* peer) noexcept {
  const std::lock_guard lock(mutex_);
  --count_;
  peers_.erase(peer->self_);
}

void Watch::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return ending_; })) {
    shut_down_the_slow();
  }
}

void Watch::shut_down_the_slow() {
  const auto now = now_ms();
  for (auto& peer : peers_) {
    if (peer.is_too_slow(now, timeout_ms_)) {
      ::shutdown(peer.fd_, SHUT_RDWR);
    }
  }
}

} // namespace regctl::server
