// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace regctl::objects {

/// The token in a file, without the blanks around it; it is a secret. Throws Error{usage} for a
/// file that cannot be read or has no token: Error{not_found} would mean that an object is missing.
std::string read_token(const std::filesystem::path& file);

} // namespace regctl::objects
