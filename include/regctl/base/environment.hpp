// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace regctl {

/// Looks up a variable of the environment: what parses configuration is handed one, so that it can
/// be tested.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

} // namespace regctl
