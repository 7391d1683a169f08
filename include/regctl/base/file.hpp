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

// Files that a user names are opened only by these functions and by AtomicFile. In a folder that
// every user can write to (/tmp), they follow no link and write to no file that another user put
// there. They do not rely on the kernel's protected_symlinks, protected_regular and
// protected_fifos, which may be off.

/// Opens `path` for reading. Throws Error{not_found} or Error{local_io} naming it. Does not wait
/// for a pipe's writer: the first read does.
FileDescriptor open_for_reading(const std::filesystem::path& path);

/// Opens a regular file for reading. Throws Error{local_io} for a pipe or a device.
FileDescriptor open_regular_file(const std::filesystem::path& path);

/// Whether opening a file keeps its earlier content.
enum class Earlier { kept, removed };

/// Opens a file, a pipe or a device for writing at its end; creates a missing file. Waits for the
/// reader of a pipe. Throws Error{local_io}, Error{interrupted}.
FileDescriptor open_for_appending(const std::filesystem::path& path, Earlier earlier,
                                  unsigned mode = 0666);

/// Standard input for "-", else open_for_reading().
FileDescriptor open_input(const std::string& path);
/// The input as messages name it: "'FILE'" or "standard input".
std::string input_name(const std::string& path);

/// The effect of an interruption on reading and writing.
enum class OnInterrupt {
  stop,  ///< throw Error{interrupted}
  go_on, ///< for the few bytes that record how far a run came
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

/// Writes to a descriptor (stdout, a pipe). Throws Error{local_io}, also for EPIPE.
std::unique_ptr<Sink> make_fd_sink(FileDescriptor fd, std::string what);

/// Throws for a file that could not be created or opened for writing. A missing folder is
/// Error{local_io} too: not_found would mean that an input, such as an image, is missing.
[[noreturn]] void throw_not_created(const std::string& what, int errno_value);

/// A file that appears under its name only at commit(). Until then it has no name, or a temporary
/// one beside the final one, which the destructor removes. An error or Ctrl-C leaves nothing
/// behind; nor does kill -9 where the file system has O_TMPFILE.
class AtomicFile : public Sink {
public:
  /// `mode` is the permission of the result before the umask; an existing file keeps its mode. A
  /// symbolic link is followed and its target replaced, as users expect of a path they name. Throws
  /// Error{local_io} if `path` is not a regular file, or is a file or link that another user
  /// planted.
  explicit AtomicFile(const std::filesystem::path& path, unsigned mode = 0666);

  /// The file `name` in an open folder, even if that folder is renamed. A symbolic link of that
  /// name is replaced, not followed. `what` names the file in errors.
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

  /// Changes the name that commit() gives, for a file that is named by its content.
  void set_name(std::string name) { name_ = std::move(name); }

  enum class Durable {
    bytes_and_name,
    bytes, ///< the name is durable only after fsync_folder(); for several files that count together
    already, ///< as `bytes`; the caller has made the bytes durable with sync_file_system()
  };
  /// Makes the bytes durable and gives them their name, replacing any file of that name. Once only.
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

/// Makes durable the files created, renamed and removed in a folder. Throws Error{local_io} "cannot
/// write WHAT: …" if the disk reports a failure.
void fsync_folder(const FileDescriptor& folder, const std::string& what);

/// Makes durable all writes of all processes to the file system of `folder`: one wait for the disk
/// instead of one per file. Throws Error{local_io} "cannot write WHAT: …" if the disk reports a
/// failure. Source: syncfs(2), which reports such failures since Linux 5.8.
void sync_file_system(const FileDescriptor& folder, const std::string& what);

/// Whether `name` has the form of AtomicFile's temporary names. Such a file is left behind by a
/// process that was killed between naming and renaming it.
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;

/// A nameless file under $TMPDIR (or /tmp). It vanishes when closed or when the process dies.
FileDescriptor make_temporary_file();

/// The bytes of a source, kept in a nameless temporary file. Copies share the file. open() is
/// thread-safe.
struct KeptBytes {
  std::shared_ptr<const FileDescriptor> file;
  std::uint64_t size_bytes = 0;

  [[nodiscard]] std::unique_ptr<Source> open() const;
};

/// Reads `source` to its end and keeps the bytes, for callers that need their size first or read
/// them more than once.
KeptBytes keep_bytes(Source& source);

/// The whole of a small file. Throws Error{protocol} if it is larger than `limit_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

} // namespace regctl
