// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/base/tar.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace regctl::ops {

/// Writes the entries of a file system as a tar. Folders are kept until the end, since files that
/// come later would change their times, or could not be created in a folder that is read-only. Not
/// thread-safe.
class FlatTar {
public:
  /// `sink` must outlive it.
  explicit FlatTar(Sink& sink) : sink_(sink) { buffer_.reserve(k_buffer_bytes); }

  /// Writes an entry under `path`, with the data from `data`.
  void add(TarEntry entry, const std::string& path, const TarExtensions& extensions, Source& data);

  /// Writes `path` as a hard link to `target`, which was written before; both have the attributes
  /// in `entry`.
  void add_link(const TarEntry& entry, const std::string& path, const std::string& target);

  void add_folder(const TarEntry& entry, const std::string& path, const TarExtensions& extensions);

  /// Writes the folders and the end of the tar.
  void finish();

  /// Of what is remembered of folders.
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }

private:
  struct Folder {
    TarEntry entry;
    TarExtensions extensions;
  };

  void write(std::string_view text);
  void write_data(Source& data, std::uint64_t size_bytes);
  void flush();

  Sink& sink_;
  std::vector<std::byte> buffer_; ///< what the sink has not got yet
  std::map<std::string, Folder> folders_;
  std::size_t size_bytes_ = 0;
};

} // namespace regctl::ops
