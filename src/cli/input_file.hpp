// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstdint>
#include <string>

namespace regctl::cli {

/// A file that may have to be read twice.
struct InputFile {
  OpenSource open;
  std::uint64_t size_bytes = 0;
};

/// Opens a file, or standard input ("-"), which is kept in a temporary file. Throws
/// Error{not_found}; Error{usage} for what is no regular file.
InputFile open_input_file(const std::string& file);

} // namespace regctl::cli
