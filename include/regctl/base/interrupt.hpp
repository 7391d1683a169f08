// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace regctl {

/// From now on SIGINT, SIGTERM and SIGHUP set the interrupted state instead of ending the process,
/// so that work stops at the next check_interrupted() and destructors clean up; a second signal,
/// half a second later or more, ends the process at once. SIGPIPE is ignored: a closed pipe is an
/// error of the write.
void install_interrupt_handlers();

/// From now on SIGHUP does not interrupt, but is noted: for what reads its configuration again.
/// After install_interrupt_handlers().
void note_hangups();

/// Waits for `milliseconds`, or until SIGHUP came since the last call: true then. Throws
/// Error{interrupted} when interrupted.
bool wait_for_hangup_ms(long milliseconds);

/// True once interrupted. Never throws; async-signal-safe.
[[nodiscard]] bool is_interrupted() noexcept;

/// Throws Error{interrupted} once interrupted.
void check_interrupted();

/// A descriptor that becomes readable when interrupted, for poll() beside other descriptors; -1
/// before install_interrupt_handlers(). Never to be read or closed.
[[nodiscard]] int interrupt_fd() noexcept;

/// What the signal handler does, for tests and for other ways to stop a run.
void interrupt() noexcept;

/// Back to not interrupted; for tests.
void reset_interrupt() noexcept;

/// Waits for `milliseconds`; returns early by throwing Error{interrupted} when interrupted.
void interruptible_sleep_ms(long milliseconds);

} // namespace regctl
