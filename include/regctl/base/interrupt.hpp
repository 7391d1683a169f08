// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace regctl {

/// From now on SIGINT, SIGTERM and SIGHUP set the interrupted state instead of ending the process:
/// work stops at the next check_interrupted(), and destructors clean up. A second signal, at least
/// half a second later, ends the process at once. SIGPIPE is ignored: a closed pipe is an error of
/// the write.
void install_interrupt_handlers();

/// From now on SIGHUP is noted and does not interrupt, for commands that then read their
/// configuration again. Call it after install_interrupt_handlers().
void note_hangups();

/// Waits for `milliseconds` or for SIGHUP. Returns true if SIGHUP came since the last call. Throws
/// Error{interrupted} when interrupted.
bool wait_for_hangup_ms(long milliseconds);

/// As long as one lives, its thread takes no notice of an interruption, nor do its waits end: for a
/// short last step that cleans up, whose length is limited by other means. A second signal still
/// ends the process.
class InterruptionShield {
public:
  InterruptionShield() noexcept;
  ~InterruptionShield();
  InterruptionShield(const InterruptionShield&) = delete;
  InterruptionShield& operator=(const InterruptionShield&) = delete;
};

/// True once interrupted, but for a thread that is shielded. Never throws; async-signal-safe.
[[nodiscard]] bool is_interrupted() noexcept;

/// Throws Error{interrupted} once interrupted.
void check_interrupted();

/// How often a thread that waits for another one looks whether it is interrupted.
inline constexpr std::chrono::milliseconds k_interrupt_glance{100};

/// A descriptor that becomes readable when interrupted, for poll() beside other descriptors; -1
/// before install_interrupt_handlers() and for a thread that is shielded. Must not be read or
/// closed.
[[nodiscard]] int interrupt_fd() noexcept;

/// Sets the interrupted state as the signal handler does, for tests and for other ways to stop a
/// run.
void interrupt() noexcept;

/// Back to not interrupted; for tests.
void reset_interrupt() noexcept;

/// Waits for `milliseconds`; returns early by throwing Error{interrupted} when interrupted.
void interruptible_sleep_ms(long milliseconds);

} // namespace regctl
