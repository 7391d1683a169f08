// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/ops/map/map_line.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
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

  /// Keeps what the earlier file says of tags for which no line was added; returns the number of
  /// such tags. Throws Error{protocol} for a file that is no map.
  std::uint64_t keep_earlier();

  /// Once only.
  void commit();

private:
  struct Entry {
    std::size_t mirror;
    std::string name; ///< the repository, a zero byte and the tag
    std::uint64_t begin;
    std::uint64_t end;
  };

  std::size_t number_of(const std::string& mirror);

  std::string path_;
  AtomicFile file_;
  std::shared_ptr<const FileDescriptor> waiting_;
  std::uint64_t size_bytes_ = 0;               ///< of what waits
  std::map<std::string, std::size_t> mirrors_; ///< the order in which they came
  std::vector<Entry> entries_;
};

} // namespace regctl::ops
