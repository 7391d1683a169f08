// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// The name in `names` that is most like `wanted`, for "did you mean …?". Its edit distance is at
/// most a third of its length; nothing if no name is that near. Looks at the first 10 000 names
/// only.
std::optional<std::string> find_nearest(std::string_view wanted,
                                        const std::vector<std::string>& names);

} // namespace regctl
