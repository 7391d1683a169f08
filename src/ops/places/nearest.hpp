// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// "did you mean NAME?" for the one of `names` that is most like `wanted` (edit distance of at most
/// a third of its length), else "there are: …" with at most five names; empty if there are none.
std::string suggestion(std::string_view wanted, const std::vector<std::string>& names);

} // namespace regctl::ops
