// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace regctl {

/// Returns the value of an environment variable, or nothing if it is not set. Code that reads
/// configuration takes one of these instead of calling getenv(), so that tests can set the
/// variables.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The Environment of this process; nothing for a variable that is not set.
std::optional<std::string> process_environment(const std::string& name);

/// `environment`, in which an empty variable counts as one that is not set: CI systems pass a
/// missing secret as an empty variable.
Environment without_empty(Environment environment);

} // namespace regctl
