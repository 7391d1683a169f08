// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/config_reader.hpp"

#include <regctl/ops/mirror/rules.hpp>

namespace regctl::ops::mirror {

/// Reads the rules that `section` has: each replaces what `rules` says on it as a whole.
void read_rules(ConfigSection& section, Rules& rules);

} // namespace regctl::ops::mirror
