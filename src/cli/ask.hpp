// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/cli/console.hpp>

#include <optional>
#include <string>

namespace regctl::cli {

/// Writes `prompt` to the controlling terminal and reads one line from it; nothing if there is no
/// terminal, or at its end (Ctrl-D). Echo is restored however it ends. Throws Error{interrupted}.
std::optional<std::string> ask_at_terminal(const std::string& prompt, Echo echo);

} // namespace regctl::cli
