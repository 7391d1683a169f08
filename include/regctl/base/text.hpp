// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl {

/// `text` with A-Z as a-z, all else as it is: names of hosts, headers and units, whatever the
/// locale.
std::string lower(std::string_view text);

} // namespace regctl
