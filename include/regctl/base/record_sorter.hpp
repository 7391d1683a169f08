// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl {

// Sorting of more records than memory holds. A record is a text of any bytes; texts are compared
// byte by byte, so that numbers in them are written with the highest byte first.

/// Where sorted records lie: a nameless file under $TMPDIR (or /tmp), which vanishes with its last
/// user or with the process. Thread-safe.
class RecordFile {
public:
  RecordFile() : file_(std::make_shared<FileDescriptor>(make_temporary_file())) {}

  /// Writes bytes behind all others and returns where they begin. Throws Error{local_io}.
  std::uint64_t append(std::string_view bytes);

  [[nodiscard]] const std::shared_ptr<const FileDescriptor>& descriptor() const noexcept {
    return file_;
  }

private:
  std::shared_ptr<const FileDescriptor> file_;
  std::mutex mutex_; ///< guards the member below
  std::uint64_t size_bytes_ = 0;
};

/// Records that were sorted, to be read by RecordMerge any number of times. A value type: copies
/// share the file.
struct SortedRecords {
  struct Run {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };
  std::shared_ptr<RecordFile> file; ///< null for no records
  std::vector<Run> runs;            ///< each sorted
};

/// Takes records in any order. Holds `memory_bytes` of them, and writes them to the file, sorted,
/// when they become more. Not thread-safe.
class RecordSorter {
public:
  /// So much memory is plenty: ten million records of 200 bytes become 1000 runs.
  static constexpr std::size_t k_memory_bytes = 2 * 1024 * 1024;

  explicit RecordSorter(std::shared_ptr<RecordFile> file,
                        std::size_t memory_bytes = k_memory_bytes);

  /// `record` may have 4 GiB at most. Throws Error{local_io} for a full disk.
  void add(std::string_view record);

  /// Ends the sorting. Call it once.
  SortedRecords finish();

private:
  void write_run();

  std::size_t memory_bytes_;
  std::string texts_;
  std::vector<std::pair<std::size_t, std::size_t>> places_; ///< offset and size in texts_
  SortedRecords sorted_;
};

/// Reads several lists as one, in order; equal records in the order of their lists. Memory is about
/// k_memory_bytes, and one record of each run. Not thread-safe.
class RecordMerge {
public:
  static constexpr std::size_t k_memory_bytes = 4 * 1024 * 1024;

  explicit RecordMerge(const std::vector<SortedRecords>& lists);
  ~RecordMerge();
  RecordMerge(const RecordMerge&) = delete;
  RecordMerge& operator=(const RecordMerge&) = delete;

  /// Goes to the next record, the first one at the first call; false at the end.
  bool next();

  /// The current record, valid until the next call of next().
  [[nodiscard]] std::string_view record() const noexcept;
  /// The number of the list it came from, from 0.
  [[nodiscard]] std::size_t list() const noexcept;

private:
  class Reader;

  std::vector<std::unique_ptr<Reader>> readers_; ///< a heap, but for the current one at its end
  bool has_current_ = false;
};

} // namespace regctl
