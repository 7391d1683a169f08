// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace regctl {

/// Passes on what a task has found, on the caller's thread.
using Shown = std::function<void()>;

/// Finds something out, on any thread, and returns the call that passes it on.
using Task = std::function<Shown()>;

/// Works on tasks while further ones are still being found, and passes their results on in the
/// order of the tasks. `find` runs on a thread of its own and hands over one task after another.
/// At most `jobs` tasks run at a time. `find` waits while k_most_waiting tasks have not started.
/// No task starts while four results a job, finished or not, wait to be passed on. So memory does
/// not grow with the number of tasks. After an error of `find` the tasks handed over are finished
/// and passed on; after an error of a task or of passing on nothing more starts. The first error is
/// rethrown when all threads have ended. Interruption counts as an error of a task.
void run_in_order(std::size_t jobs,
                  const std::function<void(const std::function<void(Task)>& hand_over)>& find);

inline constexpr std::size_t k_most_waiting = 1000; // a page of most listings

} // namespace regctl
