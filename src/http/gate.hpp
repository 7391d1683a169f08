// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/client.hpp>

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

/// How many requests a host bears at a time, learnt from its answers. Begins at 8 and grows by one
/// with every good answer until the first refusal; that halves what is really in flight, and from
/// then on it grows by one a round of good answers, as TCP does. Never less than 1. Knows neither
/// clock nor threads.
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
  /// A request, not over yet, was refused. What had begun before the last halving tells nothing
  /// new: a storm of refusals halves once.
  void refuse(std::uint64_t halvings_at_begin) noexcept;

private:
  std::size_t most_;
  std::size_t value_;
  std::size_t in_flight_ = 0;
  std::size_t accepted_ = 0; ///< since it grew, once it was refused
  std::uint64_t halvings_ = 0;
};

/// What a host's limits are kept apart by, in the order of waiting (see Gates).
enum class RequestKind { head, get, put };
RequestKind kind_of(Method method) noexcept;

/// Holds back requests for which their host has no room, per host and kind of request, and all of
/// that host and kind while it has asked for a pause. Thread-safe.
///
/// Why nobody waits for ever: a thread may have several requests at a time (a PUT whose body is
/// read from a GET; a 401 that is answered with a request for a token), and if it waited for a slot
/// while others wait for its own, all would stand. So a thread waits for a slot only if each one it
/// has is of a later kind: for HEAD while it has GET or PUT, for GET while it has PUT. Whatever
/// else it begins passes at once, and the limit is exceeded by that much. Whoever has a slot of the
/// first kind waits at no gate, hence ends and lets another in; then the same holds for the kinds
/// after it. The rest is for callers: no thread waits for another one outside of here (for a lock,
/// for the parent of its image) while it has a slot. Error answers give theirs back with their
/// head, since it is they that callers talk over with the session's locks. A pause does not count:
/// time passes by itself.
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
    Clock::time_point closed_until; ///< a pause the host asked for
  };

  Gate& gate_of(const std::string& host, RequestKind kind);
  [[nodiscard]] bool may_wait(RequestKind kind) const;

  std::size_t most_;
  std::mutex mutex_; ///< guards what follows, and every Gate
  std::condition_variable changed_;
  std::map<std::string, std::array<std::unique_ptr<Gate>, 3>> gates_; // by host and kind
  std::map<std::thread::id, Held> held_;                              // by those that have slots
};

/// One request on its way; destroyed when it is over, which is when its body has ended.
class Gates::Slot {
public:
  Slot(Gates& gates, Gate& gate, RequestKind kind);
  ~Slot();
  Slot(const Slot&) = delete; ///< stands for one request
  Slot& operator=(const Slot&) = delete;

  /// The host's answer, with its Retry-After; one that is too long to be waited for closes nothing.
  void answered(int status, std::optional<std::chrono::milliseconds> retry_after);

private:
  Gates& gates_;
  Gate& gate_;
  RequestKind kind_;
  std::thread::id thread_; // which counts the slot, whoever destroys it
  std::uint64_t halvings_at_begin_;
};

} // namespace regctl::http
