// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// The one of `names` that is most like `wanted`, for "did you mean …?": at an edit distance of at
/// most a third of its length. Looks at the first 10 000 names only. Nothing if none is that near.
std::optional<std::string> find_nearest(std::string_view wanted,
                                        const std::vector<std::string>& names);

} // namespace regctl
