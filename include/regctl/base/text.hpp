// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// `text` with A-Z as a-z, all else as it is: names of hosts, headers and units, whatever the
/// locale.
std::string lower(std::string_view text);

/// Sorts, and leaves each text once.
void sort_and_unite(std::vector<std::string>& texts);

} // namespace regctl
