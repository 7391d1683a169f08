// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <filesystem>

namespace regctl {

/// Opens a file for appending, as open_for_appending() does, and locks it against every process
/// that does the same: it waits for those. The lock ends with the descriptor. The file has this
/// name still, so that who has it may remove it. Not all file systems have locks: without them
/// nothing is waited for.
FileDescriptor open_and_lock(const std::filesystem::path& path);

} // namespace regctl
