// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/config.hpp>

namespace regctl::ops::mirror {

/// parse_mirror_config() for a file that is to be run here: the files and variables that it names
/// (certificates, passwords) have to be there too, and are among the mistakes if they are not.
MirrorConfig parse_runnable_config(const std::string& text, std::string_view file,
                                   const Environment& environment);

} // namespace regctl::ops::mirror
