// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <regctl/base/stream.hpp>

#include <memory>
#include <string>

namespace regctl {

/// Opens an archive; "-" is stdin. A plain tar in a regular file is read in place. A pipe or a
/// compressed archive is first unpacked into a temporary file without a name, because an archive's
/// lists of images may come last.
ArchiveIndex open_archive(const std::string& path);

/// Reads an archive from a stream; `what` names it in errors.
ArchiveIndex read_archive(std::unique_ptr<Source> source, std::string what);

} // namespace regctl
