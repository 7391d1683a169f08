// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// A hint about `names`: "did you mean NAME?" with the name most like `wanted` (at an edit distance
/// of at most a third of its length), else "there are: …" with at most five names; empty without
/// names.
std::string suggestion(std::string_view wanted, const std::vector<std::string>& names);

} // namespace regctl::ops
