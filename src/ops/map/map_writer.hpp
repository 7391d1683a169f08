// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/ops/map/map_line.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace regctl::ops {

/// The file of a map, which shows whole and in order or not at all: by mirror as they come, then by
/// repository and tag. The lines wait in a temporary file; of each about 100 bytes are held. Not
/// thread-safe.
class MapWriter {
public:
  /// Throws Error{local_io} if the file cannot be written. Changes nothing yet.
  explicit MapWriter(const std::string& path);

  /// The lines of one mirror come in a row. Works after an interruption too.
  void add(const MapLine& line);

  /// Once only.
  void commit();

private:
  struct Entry {
    std::size_t mirror;
    std::string name; ///< the repository, a zero byte and the tag
    std::uint64_t begin;
    std::uint64_t end;
  };

  AtomicFile file_;
  std::shared_ptr<const FileDescriptor> waiting_;
  std::uint64_t size_bytes_ = 0; ///< of what waits
  std::size_t mirrors_ = 0;
  std::string mirror_; ///< the latest one
  std::vector<Entry> entries_;
};

} // namespace regctl::ops
