// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

namespace regctl {

/// Turns the commands of a `config` or a `container_config` that are one text into lists of one
/// word, and notes which: neither readers of OCI nor engines before 1.9 take a text. `object` is a
/// JSON object in compact form, and put together anew only if it has such a command.
void wrap_commands(std::string& object, std::set<std::string>& notes);

} // namespace regctl
