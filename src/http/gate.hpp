// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/client.hpp>
#include <regctl/http/rate_limit.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace regctl::http {

/// The limit on parallel requests to one host, learnt from its answers. It begins at 8 and grows by
/// one with every good answer until the first refusal. A refusal sets it to half of the limit or of
/// the requests in flight, whichever is less. From then on it grows by one for each full round of
/// good answers, like TCP. Never less than 1. Uses neither clock nor threads.
class GateLimit {
public:
  /// Never more than `most` (at least 1).
  explicit GateLimit(std::size_t most);

  [[nodiscard]] std::size_t value() const noexcept { return value_; }
  [[nodiscard]] bool has_room() const noexcept { return in_flight_ < value_; }

  /// A request begins, with or without room. Returns the number of halvings so far, for refuse().
  std::uint64_t begin() noexcept;
  /// A request is over.
  void end() noexcept { --in_flight_; }

  /// A request was answered as it should be.
  void accept() noexcept;
  /// A request, not over yet, was refused. Requests that began before the last halving are ignored,
  /// so that a storm of refusals halves the limit once.
  void refuse(std::uint64_t halvings_at_begin) noexcept;

private:
  std::size_t most_;
  std::size_t value_;
  std::size_t in_flight_ = 0;
  std::size_t accepted_ = 0; ///< good answers since the limit last changed
  std::uint64_t halvings_ = 0;
};

/// A host has one limit for each kind, in the order of waiting (see Gates).
enum class RequestKind { head, get, put };
RequestKind kind_of(Method method) noexcept;

/// Holds back requests to hosts that have no room, per host and kind of request. Holds back all
/// requests of a host and kind while the host has asked for a pause, and all of a host that are
/// more than its rate limit leaves, until that is renewed. Thread-safe.
///
/// Why no deadlock can occur. A thread may have several requests at a time: a PUT whose body is
/// read from a GET, or a 401 that is answered with a request for a token. If it waited for a slot
/// while other threads wait for its own, none could continue. So a thread waits for a slot only if
/// all slots that it holds are of later kinds: for HEAD while it holds GET or PUT, for GET while it
/// holds PUT. All its other requests pass at once and exceed the limit. So a thread with a slot of
/// the first kind never waits at a gate: it finishes and lets another one in. By the same argument
/// the later kinds finish too.
///
/// Callers must keep the rest: a thread that holds a slot does not wait for another thread
/// elsewhere (for a lock, for the parent of its image). Error answers give their slot back with
/// their head, because callers handle them under the session's locks. A pause is harmless: it ends
/// by itself, and so does the time until a rate limit is renewed.
class Gates {
public:
  explicit Gates(const ClientOptions& options);

  class Slot;
  /// Waits for room at `host`. Throws Error{interrupted}.
  std::unique_ptr<Slot> enter(const std::string& host, Method method);

private:
  using Clock = std::chrono::steady_clock;
  using Held = std::array<std::size_t, 3>; // by kind

  struct Gate {
    GateLimit limit;
    Clock::time_point closed_until; ///< end of the pause that the host asked for
  };

  struct Host {
    std::array<std::unique_ptr<Gate>, 3> gates; ///< by kind
    std::size_t unanswered = 0;                 ///< requests of all kinds
    /// How many more requests may begin before its rate limit is renewed.
    std::uint64_t left = 0;
    std::uint64_t remaining = 0; ///< the least that was told
    Clock::time_point renewed;   ///< in the past: it is not known what is left
  };

  Gate& gate_of(Host& host, RequestKind kind) const;
  [[nodiscard]] bool may_wait(RequestKind kind) const;

  std::size_t most_;
  std::mutex mutex_; ///< guards the members below, and every Gate
  std::condition_variable changed_;
  std::map<std::string, Host> hosts_;
  std::map<std::thread::id, Held> held_; // by thread, for those that hold slots
};

/// One request in flight; destroyed at the end of its body.
class Gates::Slot {
public:
  Slot(Gates& gates, Host& host, Gate& gate, RequestKind kind);
  ~Slot();
  Slot(const Slot&) = delete; ///< stands for one request
  Slot& operator=(const Slot&) = delete;

  /// Reports the host's answer and its Retry-After. A pause that is too long to wait for closes
  /// nothing.
  void answered(int status, std::optional<std::chrono::milliseconds> retry_after);

  /// Reports what the host's answer tells of its rate limit, after answered(). One that is renewed
  /// only after a time that is too long to wait for holds nothing back. Returns whether it is used
  /// up, so that requests wait.
  bool limited(const RateLimit& limit);

private:
  void end_waiting();

  Gates& gates_;
  Host& host_;
  Gate& gate_;
  RequestKind kind_;
  std::thread::id thread_; // the thread that the slot counts for, even if another one destroys it
  std::uint64_t halvings_at_begin_;
  bool is_answered_ = false;
};

} // namespace regctl::http
