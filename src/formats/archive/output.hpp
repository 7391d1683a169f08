// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/base/stream.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace regctl {

/// The destination of an archive. write_at() of a positioned output may be called from several
/// threads.
class ArchiveOutput {
public:
  ArchiveOutput() = default;
  ArchiveOutput(const ArchiveOutput&) = delete;
  ArchiveOutput& operator=(const ArchiveOutput&) = delete;
  virtual ~ArchiveOutput() = default;

  virtual void write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  /// False for a stream, which takes bytes in order and cannot take them back.
  [[nodiscard]] virtual bool is_positioned() const { return true; }
  /// Reads bytes that were written. Null for a stream.
  [[nodiscard]] virtual std::unique_ptr<Source> open(std::uint64_t offset, std::uint64_t size_bytes,
                                                     std::string what) const = 0;
  /// Gives a file its name.
  virtual void commit() {}
};

/// A file, written through AtomicFile, or stdout for "-".
std::unique_ptr<ArchiveOutput> open_archive_output(const std::string& path);

/// An open file that can be written at any position. `file` must outlive the output.
std::unique_ptr<ArchiveOutput> make_archive_output(FileDescriptor& file, std::string what);

/// The file or stdout as errors name it.
std::string archive_output_name(const std::string& path);

} // namespace regctl
