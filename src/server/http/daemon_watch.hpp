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

/// The activity of a connection.
enum class Phase {
  head,    ///< waiting for a request or the rest of its head
  body,    ///< receiving a body
  working, ///< the server's own work, which does not count against the client
  answer,  ///< sending an answer
};

/// A connection as the watch sees it.
class Peer {
public:
  Peer(int fd, Phase phase, bool is_beyond_limit);

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Whether this connection was over the limit when it was opened.
  [[nodiscard]] bool is_beyond_limit() const noexcept { return is_beyond_limit_; }

  /// A new phase begins now.
  void begin(Phase phase) noexcept;
  /// Returns to a phase that has begun before, as to a body after a piece of it was written.
  void resume(Phase phase) noexcept { phase_ = phase; }

private:
  friend class Watch;
  [[nodiscard]] bool is_too_slow(std::int64_t now, std::int64_t timeout_ms);

  int fd_;
  bool is_beyond_limit_;
  std::atomic<std::int64_t> since_ms_;
  std::atomic<Phase> phase_;
  // The fields below belong to the watch. They measure how much the client moves in a period.
  std::int64_t watched_since_ms_ = 0; ///< `since_ms_` of the measured body or answer; 0: none
  std::int64_t window_begin_ms_ = 0;
  std::uint64_t window_bytes_ = 0;
  std::list<Peer>::iterator self_;
};

/// Milliseconds of a monotonic clock.
std::int64_t now_ms() noexcept;

/// Looks once a second for connections that are too slow, and shuts them down. A head must arrive
/// within the time-out. Of a body or an answer, 1 KiB for each second of the time-out must move
/// within it, as counted by the kernel. (The library's own time-out starts again with each byte, so
/// that a client sending single bytes could stay for ever.) Thread-safe.
class Watch {
public:
  Watch(std::chrono::seconds timeout, std::size_t connections);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Adds a new connection. Shuts it down if it begins with a TLS hello on a plain port.
  Peer* add(int fd, bool is_secure);
  void remove(Peer* peer) noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
  void run();
  void shut_down_the_slow();

  std::int64_t timeout_ms_;
  std::size_t connections_; ///< the limit
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  std::list<Peer> peers_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace regctl::server
