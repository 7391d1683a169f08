// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/cli/console.hpp>

namespace regctl::cli {

/// The console of this process: its standard streams, /dev/tty, clock and environment. Valid until
/// the process ends.
Console make_system_console();

} // namespace regctl::cli
