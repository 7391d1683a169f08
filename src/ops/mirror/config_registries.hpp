// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/config_reader.hpp"

#include <regctl/ops/mirror/config.hpp>

namespace regctl::ops::mirror {

/// Reads the mapping from hosts to their settings.
std::map<std::string, RegistryOptions> read_registries(ConfigSection& section);

/// Reads a rate, or a list with spans of the day first and the rate for all other times last.
void read_bandwidth(ConfigSection& section, Bandwidth& bandwidth);

} // namespace regctl::ops::mirror
