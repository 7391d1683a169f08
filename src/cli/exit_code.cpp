// SPDX-License-Identifier: Apache-2.0
#include <regctl/cli/exit_code.hpp>

namespace regctl::cli {

ExitCode exit_code_of(ErrorKind kind) noexcept {
  switch (kind) {
  case ErrorKind::usage:
    return ExitCode::usage;
  case ErrorKind::not_found:
    return ExitCode::not_found;
  case ErrorKind::denied:
    return ExitCode::denied;
  case ErrorKind::unavailable:
    return ExitCode::unavailable;
  case ErrorKind::protocol:
    return ExitCode::protocol;
  case ErrorKind::integrity:
    return ExitCode::integrity;
  case ErrorKind::local_io:
    return ExitCode::local_io;
  case ErrorKind::unsupported:
    return ExitCode::unsupported;
  case ErrorKind::interrupted:
    return ExitCode::interrupted;
  }
  return ExitCode::failed;
}

} // namespace regctl::cli
