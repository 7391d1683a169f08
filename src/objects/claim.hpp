// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl::objects {

/// The text of a mark by which this process says that it is writing: its machine, its number there
/// and the time of its start, as JSON, and the claim's own number. No two claims are the same, so
/// that the ETag of a mark that was put again is another one. docker-registry looks only at a
/// mark's existence.
std::string new_claim();

/// Whether a claim was made by this process.
bool is_own_claim(std::string_view claim);

/// Whether a mark was put by a process of this machine that has ended. False if its text does not
/// tell: docker-registry writes "true".
bool is_of_dead_process(std::string_view claim);

} // namespace regctl::objects
