// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>

namespace regctl {

namespace {

// A signal handler can reach only objects of static lifetime; this is the one piece of global
// state.
std::atomic<bool> g_interrupted{false};
int g_pipe_read = -1;
int g_pipe_write = -1;
std::atomic<bool> g_hung_up{false};
int g_hangup_read = -1;
int g_hangup_write = -1;
static_assert(std::atomic<bool>::is_always_lock_free);
thread_local int t_shields = 0; ///< InterruptionShields of this thread

/// Time of the first signal on CLOCK_MONOTONIC; negative before it.
std::atomic<long> g_first_signal_ms{-1};
static_assert(std::atomic<long>::is_always_lock_free);

long now_ms() noexcept {
  struct timespec now = {}; // clock_gettime may be called in a signal handler
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

/// A second signal ends the process at once, but only after half a second: timeout(1) sends its
/// signal to the process and again to its group, and means one signal.
void on_signal(int signal) {
  constexpr long k_one_wish_ms = 500;
  const long now = now_ms();
  long first = -1;
  if (g_first_signal_ms.compare_exchange_strong(first, now) || now - first < k_one_wish_ms) {
    interrupt();
    return;
  }
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  ::sigaction(signal, &usual, nullptr);
  static_cast<void>(::raise(signal)); // delivered when this handler returns
}

void write_byte(int pipe) noexcept {
  const int saved = errno;
  if (pipe >= 0) {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(pipe, &byte, 1);
  }
  errno = saved;
}

void on_hangup(int) {
  g_hung_up.store(true, std::memory_order_relaxed);
  write_byte(g_hangup_write);
}

/// Waits for one of the two pipes, for a minute at most; false if `until` has passed.
bool wait_until(std::chrono::steady_clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                        until - std::chrono::steady_clock::now())
                        .count();
  if (left <= 0) {
    return false;
  }
  // poll() ignores a negative descriptor.
  struct pollfd waited[] = {{interrupt_fd(), POLLIN, 0}, {g_hangup_read, POLLIN, 0}};
  ::poll(waited, 2, static_cast<int>(left > 60'000 ? 60'000 : left));
  return true;
}

void make_pipe(int& read_end, int& write_end) {
  if (read_end < 0) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
      throw_errno("make a pipe", errno);
    }
    read_end = ends[0];
    write_end = ends[1];
  }
}

} // namespace

void install_interrupt_handlers() {
  make_pipe(g_pipe_read, g_pipe_write);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    ::sigaction(signal, &action, nullptr);
  }
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

InterruptionShield::InterruptionShield() noexcept {
  ++t_shields;
}

InterruptionShield::~InterruptionShield() {
  --t_shields;
}

bool is_interrupted() noexcept {
  return g_interrupted.load(std::memory_order_relaxed) && t_shields == 0;
}

void check_interrupted() {
  if (is_interrupted()) {
    throw Error(ErrorKind::interrupted, "interrupted");
  }
}

int interrupt_fd() noexcept {
  return t_shields == 0 ? g_pipe_read : -1;
}

void interrupt() noexcept {
  g_interrupted.store(true, std::memory_order_relaxed);
  write_byte(g_pipe_write);
}

void note_hangups() {
  make_pipe(g_hangup_read, g_hangup_write);
  struct sigaction action = {};
  action.sa_handler = on_hangup;
  action.sa_flags = static_cast<int>(SA_RESTART);
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGHUP, &action, nullptr);
}

bool wait_for_hangup_ms(long milliseconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    check_interrupted();
    if (g_hung_up.exchange(false, std::memory_order_relaxed)) {
      char byte = 0;
      while (::read(g_hangup_read, &byte, 1) == 1) {
      }
      return true;
    }
    if (!wait_until(until)) {
      return false;
    }
  }
}

void reset_interrupt() noexcept {
  g_interrupted.store(false, std::memory_order_relaxed);
  g_first_signal_ms.store(-1);
  char byte = 0;
  while (g_pipe_read >= 0 && ::read(g_pipe_read, &byte, 1) == 1) {
  }
}

void interruptible_sleep_ms(long milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    check_interrupted();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) {
      return;
    }
    struct pollfd waited = {interrupt_fd(), POLLIN, 0}; // poll() ignores a negative descriptor
    ::poll(&waited, 1, static_cast<int>(left > 60'000 ? 60'000 : left));
  }
}

} // namespace regctl
