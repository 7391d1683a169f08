// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

namespace regctl::cli {

/// The exit code of the process: the contract with scripts. Documented in regctl(1).
enum class ExitCode : int {
  ok = 0,
  failed = 1, ///< a bug
  usage = 2,
  not_found = 3,
  denied = 4,
  unavailable = 5,
  protocol = 6,
  integrity = 7,
  local_io = 8,
  unsupported = 9,
  partial = 10, ///< some parts of the work failed
  work = 11,    ///< mirror --dry-run --exit-code: the plan has changes
  interrupted = 130,
};

ExitCode exit_code_of(ErrorKind kind) noexcept;

} // namespace regctl::cli
