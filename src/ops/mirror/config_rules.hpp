// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/config_reader.hpp"

#include <regctl/ops/mirror/rules.hpp>

namespace regctl::ops::mirror {

/// Reads the rules in `section`. A rule that is there replaces the one in `rules` completely.
void read_rules(ConfigSection& section, Rules& rules);

} // namespace regctl::ops::mirror
