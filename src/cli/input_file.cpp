// SPDX-License-Identifier: Apache-2.0
#include "cli/input_file.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

#include <filesystem>

namespace regctl::cli {

InputFile open_input_file(const std::string& file) {
  if (file == "-") {
    const auto kept = keep_bytes(*make_fd_source(open_input(file), input_name(file)));
    return {[kept] { return kept.open(); }, kept.size_bytes};
  }
  static_cast<void>(open_for_reading(file)); // a missing file is an error before anything is sent
  if (!std::filesystem::is_regular_file(file)) {
    throw Error(ErrorKind::usage, "'" + file + "' is no regular file",
                "it may have to be read twice; '-' reads from standard input");
  }
  return {[file] { return make_fd_source(open_for_reading(file), "'" + file + "'"); },
          std::filesystem::file_size(file)};
}

} // namespace regctl::cli
