// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/cli/console.hpp>

#include <optional>
#include <string>

namespace regctl::cli {

/// Writes `prompt` to the controlling terminal and reads one line from it. Nothing if there is no
/// terminal, or at the end of input (Ctrl-D). Echo is always restored. Throws Error{interrupted}.
std::optional<std::string> ask_at_terminal(const std::string& prompt, Echo echo);

} // namespace regctl::cli
