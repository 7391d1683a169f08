// SPDX-License-Identifier: Apache-2.0
#include "http/gate.hpp"

#include "http/retry.hpp"

#include <regctl/base/interrupt.hpp>

#include <algorithm>

namespace regctl::http {

namespace {

constexpr std::size_t k_first_limit = 8;
constexpr std::size_t k_gentle_limit = 2;
/// A signal cannot notify a condition variable, so waiting threads check for an interruption this
/// often.
constexpr std::chrono::milliseconds k_look_around{200};
/// Times until a rate limit is renewed are told in whole seconds.
constexpr std::chrono::seconds k_rounding{1};

} // namespace

GateLimit::GateLimit(std::size_t most)
    : most_(std::max<std::size_t>(most, 1)), value_(std::min(k_first_limit, most_)) {}

std::uint64_t GateLimit::begin() noexcept {
  ++in_flight_;
  return halvings_;
}

void GateLimit::accept() noexcept {
  if (halvings_ > 0 && ++accepted_ < value_) {
    return;
  }
  accepted_ = 0;
  value_ = std::min(value_ + 1, most_);
}

void GateLimit::refuse(std::uint64_t halvings_at_begin) noexcept {
  if (halvings_at_begin == halvings_) {
    // Halves the number in flight, not the limit: a limit far above that number would need many
    // halvings before it has an effect.
    value_ = std::max<std::size_t>(std::min(value_, in_flight_) / 2, 1);
    accepted_ = 0;
    ++halvings_;
  }
}

RequestKind kind_of(Method method) noexcept {
  switch (method) {
  case Method::head:
    return RequestKind::head;
  case Method::get:
    return RequestKind::get;
  case Method::put:
  case Method::post:
  case Method::patch:
  case Method::remove:
    return RequestKind::put;
  }
  return RequestKind::put;
}

Gates::Gates(const ClientOptions& options)
    : most_(options.pace == Pace::gentle ? std::min(k_gentle_limit, options.most_in_flight)
                                         : options.most_in_flight) {}

std::unique_ptr<Gates::Slot> Gates::enter(const std::string& host_name, Method method) {
  const auto kind = kind_of(method);
  std::unique_lock lock(mutex_);
  auto& host = hosts_[host_name];
  auto& gate = gate_of(host, kind);
  const bool waits_for_room = may_wait(kind);
  for (;;) {
    const auto now = Clock::now();
    auto opens = gate.closed_until;
    if (host.left == 0) {
      opens = std::max(opens, host.renewed);
    }
    const bool is_closed = now < opens;
    if (!is_closed && (gate.limit.has_room() || !waits_for_room)) {
      return std::make_unique<Slot>(*this, host, gate, kind);
    }
    const auto look_around = now + k_look_around;
    changed_.wait_until(lock, is_closed ? std::min(opens, look_around) : look_around);
    check_interrupted();
  }
}

Gates::Gate& Gates::gate_of(Host& host, RequestKind kind) const {
  auto& gate = host.gates.at(static_cast<std::size_t>(kind));
  if (!gate) {
    gate = std::make_unique<Gate>(Gate{GateLimit(most_), {}});
  }
  return *gate;
}

bool Gates::may_wait(RequestKind kind) const {
  const auto mine = held_.find(std::this_thread::get_id());
  if (mine == held_.end()) {
    return true;
  }
  const auto* const end = mine->second.begin() + static_cast<std::ptrdiff_t>(kind) + 1;
  return std::all_of(mine->second.begin(), end, [](std::size_t slots) { return slots == 0; });
}

Gates::Slot::Slot(Gates& gates, Host& host, Gate& gate, RequestKind kind)
    : gates_(gates), host_(host), gate_(gate), kind_(kind), thread_(std::this_thread::get_id()) {
  ++gates_.held_[thread_].at(static_cast<std::size_t>(kind));
  ++host_.unanswered;
  host_.left -= host_.left > 0 ? 1 : 0;
  halvings_at_begin_ = gate_.limit.begin();
}

Gates::Slot::~Slot() {
  const std::lock_guard lock(gates_.mutex_);
  end_waiting();
  gate_.limit.end();
  const auto mine = gates_.held_.find(thread_);
  --mine->second.at(static_cast<std::size_t>(kind_));
  if (mine->second == Held{}) {
    gates_.held_.erase(mine);
  }
  gates_.changed_.notify_all();
}

void Gates::Slot::answered(int status, std::optional<std::chrono::milliseconds> retry_after) {
  const std::lock_guard lock(gates_.mutex_);
  end_waiting();
  if (status == 429 || status == 503) {
    gate_.limit.refuse(halvings_at_begin_);
    if (retry_after && *retry_after <= k_longest_retry_after) {
      gate_.closed_until = std::max(gate_.closed_until, Clock::now() + *retry_after);
    }
  } else if (!is_passing(status)) {
    gate_.limit.accept();
  }
  gates_.changed_.notify_all();
}

bool Gates::Slot::limited(const RateLimit& limit) {
  if (!limit.renewed_in || *limit.renewed_in > k_longest_retry_after) {
    return false;
  }
  const std::lock_guard lock(gates_.mutex_);
  const auto now = Clock::now();
  const auto renewed = now + *limit.renewed_in;
  // Answers may overtake each other: until it is renewed, the least that was told is left.
  const bool is_renewed = now >= host_.renewed || renewed > host_.renewed + k_rounding;
  host_.remaining = is_renewed ? limit.remaining : std::min(host_.remaining, limit.remaining);
  host_.renewed = renewed;
  // The server may have counted none of the requests that it has not answered.
  host_.left = host_.remaining - std::min<std::uint64_t>(host_.remaining, host_.unanswered);
  gates_.changed_.notify_all();
  return limit.remaining == 0 && renewed > now;
}

void Gates::Slot::end_waiting() {
  host_.unanswered -= is_answered_ ? 0 : 1;
  is_answered_ = true;
}

} // namespace regctl::http
