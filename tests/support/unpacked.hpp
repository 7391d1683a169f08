// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/compression.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/tar.hpp>

#include <filesystem>
#include <string>

namespace regctl::test {

/// Puts the files and folders of a tar, compressed or not, into `folder`.
inline void unpack_tar(const std::filesystem::path& tar, const std::filesystem::path& folder) {
  TarReader reader(make_decompressed_source(make_fd_source(open_for_reading(tar), "the tar"), ""),
                   "the tar");
  while (const auto entry = reader.next()) {
    const auto path = folder / entry->name;
    if (entry->type == '5') {
      std::filesystem::create_directories(path);
    } else {
      std::filesystem::create_directories(path.parent_path());
      AtomicFile file(path);
      pump(reader.data(), file);
      file.commit();
    }
  }
}

} // namespace regctl::test
