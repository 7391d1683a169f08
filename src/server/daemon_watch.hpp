// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>

namespace regctl::server {

/// A connection as the watch sees it.
struct Peer {
  int fd = -1;
  std::atomic<std::int64_t> waiting_since_ms{0}; ///< for a request's head; 0 while one is handled
  std::atomic<std::int64_t> body_since_ms{0};    ///< 0 where no body is being received
  std::atomic<std::uint64_t> body_bytes{0};
  std::list<Peer>::iterator self;
};

/// Milliseconds of a clock that only goes forward.
std::int64_t now_ms() noexcept;

/// Looks once a second for connections that use their time badly, and shuts them down. The
/// library's own time-out counts from the last byte, so that a client that trickles would stay for
/// ever. Thread-safe.
class Watch {
public:
  explicit Watch(std::chrono::seconds timeout);
  ~Watch();

  /// A new connection. One that begins with a TLS hello, where no TLS is spoken, is shut down.
  Peer* add(int fd, bool is_secure);
  void remove(Peer* peer) noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
  void run();
  void shut_down_the_slow();

  std::int64_t timeout_ms_;
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::list<Peer> peers_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace regctl::server
