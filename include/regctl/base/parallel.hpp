// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace regctl {

/// Calls `body(0) … body(count - 1)`, started in that order, on at most `jobs` threads (the
/// caller's thread is one of them), and returns when all calls are done. After the first Error no
/// further call starts; the running calls finish, and the Error is rethrown. Interruption counts as
/// an error.
void run_parallel(std::size_t jobs, std::size_t count,
                  const std::function<void(std::size_t)>& body);

} // namespace regctl
