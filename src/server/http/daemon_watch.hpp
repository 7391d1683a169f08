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

/// What a connection is doing.
enum class Phase {
  head,    ///< waiting for a request's head, or for a request at all
  body,    ///< receiving
  working, ///< for us: the client is not to blame for the time
  answer,  ///< sending
};

/// A connection as the watch sees it.
class Peer {
public:
  Peer(int fd, Phase phase, bool is_beyond_limit);

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Whether there were too many connections when this one came.
  [[nodiscard]] bool is_beyond_limit() const noexcept { return is_beyond_limit_; }

  /// Something new begins now.
  void begin(Phase phase) noexcept;
  /// What was begun goes on: a body after a piece of it was written, or the other way round.
  void resume(Phase phase) noexcept { phase_ = phase; }

private:
  friend class Watch;
  [[nodiscard]] bool is_too_slow(std::int64_t now, std::int64_t timeout_ms);

  int fd_;
  bool is_beyond_limit_;
  std::atomic<std::int64_t> since_ms_;
  std::atomic<Phase> phase_;
  // The watch's own: the time in which the client has to have sent or taken something.
  std::int64_t watched_since_ms_ =
      0; ///< `since_ms_` of the body or answer that is measured; 0: none
  std::int64_t window_begin_ms_ = 0;
  std::uint64_t window_bytes_ = 0;
  std::list<Peer>::iterator self_;
};

/// Milliseconds of a clock that only goes forward.
std::int64_t now_ms() noexcept;

/// Looks once a second for connections that use their time badly, and shuts them down: those whose
/// head is not there within the time-out, and those that in the time-out sent less of a body, or
/// took less of an answer, than 1 KiB for each second. The kernel knows how much that was. (The
/// library's own time-out counts from the last byte, so that a client that trickles would stay for
/// ever.) Thread-safe.
class Watch {
public:
  Watch(std::chrono::seconds timeout, std::size_t connections);
  ~Watch();

  /// A new connection. One that begins with a TLS hello, where no TLS is spoken, is shut down.
  Peer* add(int fd, bool is_secure);
  void remove(Peer* peer) noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
  void run();
  void shut_down_the_slow();

  std::int64_t timeout_ms_;
  std::size_t connections_; ///< the limit
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::list<Peer> peers_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace regctl::server
