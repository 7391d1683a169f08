// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>

#include <string>

namespace regctl {

/// The kind of file or folder at `path`; links are followed. A folder that cannot be read counts as
/// other_folder. The LookAtPath for this machine. Throws nothing but std::bad_alloc.
PathContent look_at_path(const std::string& path);

} // namespace regctl
