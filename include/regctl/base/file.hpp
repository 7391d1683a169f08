// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace regctl {

/// A file descriptor with one owner. Movable; closes at destruction.
class FileDescriptor {
public:
  FileDescriptor() noexcept = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void close() noexcept;

private:
  int fd_ = -1;
};

// Files that a user names are opened by these and by AtomicFile alone. They follow no link that
// another user put into a folder that is open to everybody (/tmp), nor write what another put
// there, whatever the kernel's protected_symlinks, protected_regular and protected_fifos say.

/// Opens `path` for reading. Throws Error{not_found} or Error{local_io} naming it. A pipe that
/// nobody writes to yet is waited for when it is read.
FileDescriptor open_for_reading(const std::filesystem::path& path);

/// Opens a regular file for reading. A pipe or a device is Error{local_io}.
FileDescriptor open_regular_file(const std::filesystem::path& path);

/// The fate of a file's earlier content.
enum class Earlier { kept, removed };

/// Opens a file, a pipe or a device to write line by line at its end, and creates it. Waits for the
/// reader of a pipe. Throws Error{local_io}, Error{interrupted}.
FileDescriptor open_for_appending(const std::filesystem::path& path, Earlier earlier,
                                  unsigned mode = 0666);

/// The same, but standard input for "-".
FileDescriptor open_input(const std::string& path);
/// How messages name that: "'FILE'", "standard input".
std::string input_name(const std::string& path);

/// What reading and writing do once interrupted.
enum class OnInterrupt {
  stop,  ///< throw Error{interrupted}
  go_on, ///< for the little that tells how far a run came
};

/// Writes all of `bytes` at the descriptor's position. Throws Error{local_io} "cannot write WHAT:
/// …".
void write_fully(int fd, std::span<const std::byte> bytes, const std::string& what,
                 OnInterrupt on_interrupt = OnInterrupt::stop);

/// Writes all of `bytes` at `offset` without moving the position; several threads may write to one
/// descriptor. Throws like write_fully.
void write_fully_at(int fd, std::uint64_t offset, std::span<const std::byte> bytes,
                    const std::string& what);

/// Reads `size_bytes` bytes from `offset` with pread, so that sources over one descriptor are
/// independent of each other. Throws Error{protocol} "WHAT ends …" if the file is shorter.
std::unique_ptr<Source> make_range_source(std::shared_ptr<const FileDescriptor> file,
                                          std::uint64_t offset, std::uint64_t size_bytes,
                                          std::string what);

/// Reads a descriptor (a file, a pipe, stdin) from its position to its end. `what` names it in
/// errors.
std::unique_ptr<Source> make_fd_source(FileDescriptor fd, std::string what,
                                       OnInterrupt on_interrupt = OnInterrupt::stop);

/// Writes to a descriptor (stdout, a pipe). EPIPE is Error{local_io}.
std::unique_ptr<Sink> make_fd_sink(FileDescriptor fd, std::string what);

/// For a file that cannot be created or opened for writing. A folder that is missing is
/// Error{local_io} too: what was asked for is not "not found".
[[noreturn]] void throw_not_created(const std::string& what, int errno_value);

/// A file that appears under its name only by commit(): written beside it under a temporary name
/// that is removed at destruction, fsynced and renamed. Nothing is left behind by an error or by
/// Ctrl-C; where the file system has O_TMPFILE, nothing by kill -9 either.
class AtomicFile : public Sink {
public:
  /// `mode` is the permission of the result before the umask; an existing file's mode is kept. A
  /// symbolic link is written through, as a user expects of a file he names. Throws
  /// Error{local_io} where `path` is no regular file, or a file or link that another user planted.
  explicit AtomicFile(const std::filesystem::path& path, unsigned mode = 0666);

  /// The file `name` in an open folder, whatever has become of the folder's own name; a symbolic
  /// link of that name is replaced, not followed. `what` names the file in errors.
  AtomicFile(FileDescriptor folder, std::string name, std::string what, unsigned mode = 0666);
  ~AtomicFile() override;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes) override { write(bytes, OnInterrupt::stop); }
  void write(std::span<const std::byte> bytes, OnInterrupt on_interrupt);

  /// The descriptor, for write_fully_at() from several threads.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// The file as errors name it.
  [[nodiscard]] const std::string& what() const noexcept { return what_; }

  enum class Durable {
    bytes_and_name,
    bytes,   ///< the name is once somebody fsyncs the folder: for several files that count together
    already, ///< as `bytes`, where sync_file_system() has made the bytes durable
  };
  /// Makes the bytes durable and gives them their name, replacing what had it. Once only.
  void commit(Durable durable = Durable::bytes_and_name);

private:
  void create(unsigned mode);

  FileDescriptor folder_;
  std::string name_;
  std::string what_;
  std::string temporary_; ///< name in the folder; empty while the file has none (O_TMPFILE)
  FileDescriptor fd_;
  bool committed_ = false;
};

/// Makes durable what was created, renamed and removed in a folder. Throws Error{local_io} "cannot
/// write WHAT: …" where the disk says it could not.
void fsync_folder(const FileDescriptor& folder, const std::string& what);

/// Makes durable all that was written to the file system of `folder`, by whomever: one wait of the
/// disk instead of one for each of many files. Throws Error{local_io} "cannot write WHAT: …" where
/// the disk says it could not. Source: syncfs(2), which tells such failures since Linux 5.8.
void sync_file_system(const FileDescriptor& folder, const std::string& what);

/// Whether a file of this name is one that an AtomicFile was writing: left behind where its process
/// was killed between giving it a name and renaming it.
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;

/// A file without a name under $TMPDIR (or /tmp), gone when closed or when the process dies.
FileDescriptor make_temporary_file();

/// The bytes of a source, kept in a temporary file without a name. Copies share the file; open() is
/// thread-safe.
struct KeptBytes {
  std::shared_ptr<const FileDescriptor> file;
  std::uint64_t size_bytes = 0;

  [[nodiscard]] std::unique_ptr<Source> open() const;
};

/// Reads `source` to its end and keeps its bytes, for callers that need the size beforehand or read
/// them more than once.
KeptBytes keep_bytes(Source& source);

/// The whole of a small file. Throws Error{protocol} past `limit_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

} // namespace regctl
