// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/places/endpoint.hpp>

#include <string>

namespace regctl::ops::mirror {

/// The file in `folder` that keeps the facts learnt about a pair of ends:
/// "old_5000--new_5000.state".
std::string state_file(const std::string& folder, const Endpoint& source,
                       const Endpoint& destination);

} // namespace regctl::ops::mirror
