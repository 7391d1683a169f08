// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/config_reader.hpp"

#include <regctl/ops/mirror/config.hpp>

namespace regctl::ops::mirror {

/// Reads the mapping of hosts to their settings.
std::map<std::string, RegistryOptions> read_registries(ConfigSection& section);

/// A rate, or a list in which times of day go before what holds at all others.
void read_bandwidth(ConfigSection& section, Bandwidth& bandwidth);

} // namespace regctl::ops::mirror
