// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace regctl {

/// For headers that only mention JSON; base/json.hpp has the type itself.
using Json = nlohmann::ordered_json;

} // namespace regctl
