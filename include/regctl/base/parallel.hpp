// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace regctl {

/// Calls `body(0) … body(count - 1)`, started in that order, on at most `jobs` threads (the
/// caller's own when one is enough), and returns when all are done. The first Error stops the start
/// of further ones, waits for those that run, and is rethrown. Interruption counts as an error.
void run_parallel(std::size_t jobs, std::size_t count,
                  const std::function<void(std::size_t)>& body);

} // namespace regctl
