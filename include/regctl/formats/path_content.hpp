// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>

#include <string>

namespace regctl {

/// What there is at `path`, links followed; a folder that cannot be looked into is other_folder.
/// The LookAtPath of this machine. Throws nothing but std::bad_alloc.
PathContent look_at_path(const std::string& path);

} // namespace regctl
