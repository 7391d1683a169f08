// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl::objects {

/// The text of a mark by which this process says that it is writing: its machine, its number there
/// and the time of its start, as JSON. docker-registry looks only at a mark's existence.
const std::string& own_claim();

/// Whether a mark was put by a process of this machine that has ended. False if its text does not
/// tell: docker-registry writes "true".
bool is_of_dead_process(std::string_view claim);

} // namespace regctl::objects
