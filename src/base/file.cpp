// SPDX-License-Identifier: Apache-2.0
#include "base/named_place.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <system_error>
#include <utility>

namespace regctl {

namespace {

constexpr std::size_t k_largest_write_bytes = 1024 * 1024; // so that Ctrl-C is seen between writes
constexpr std::string_view k_temporary_end = ".part";

void check(OnInterrupt on_interrupt) {
  if (on_interrupt == OnInterrupt::stop) {
    check_interrupted();
  }
}

/// Waits until `fd` is ready or we are interrupted. Regular files are always ready.
void wait_for(int fd, short events, OnInterrupt on_interrupt) {
  check(on_interrupt);
  const bool stops = on_interrupt == OnInterrupt::stop;
  struct pollfd waited[2] = {{fd, events, 0}, {interrupt_fd(), POLLIN, 0}};
  ::poll(waited, stops ? 2 : 1, -1);
  check(on_interrupt);
}

class RangeSource final : public Source {
public:
  RangeSource(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset,
              std::uint64_t size_bytes, std::string what)
      : file_(std::move(file)), offset_(offset), left_bytes_(size_bytes), what_(std::move(what)) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_bytes_));
    if (wanted == 0) {
      return 0;
    }
    ssize_t n = -1;
    do {
      n = ::pread(file_->get(), out.data(), wanted, static_cast<off_t>(offset_));
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      throw_errno("read " + what_, errno);
    }
    if (n == 0) {
      throw Error(ErrorKind::protocol,
                  what_ + " ends " + std::to_string(left_bytes_) + " bytes too early");
    }
    offset_ += static_cast<std::uint64_t>(n);
    left_bytes_ -= static_cast<std::uint64_t>(n);
    return static_cast<std::size_t>(n);
  }

  std::uint64_t skip(std::uint64_t bytes) override {
    const auto n = std::min(bytes, left_bytes_);
    offset_ += n;
    left_bytes_ -= n;
    return n;
  }

private:
  std::shared_ptr<const FileDescriptor> file_; // shared: many layers lie in one archive
  std::uint64_t offset_;
  std::uint64_t left_bytes_;
  std::string what_;
};

class FdSource final : public Source {
public:
  FdSource(FileDescriptor fd, std::string what, OnInterrupt on_interrupt)
      : fd_(std::move(fd)), what_(std::move(what)), on_interrupt_(on_interrupt) {}

  std::size_t read(std::span<std::byte> out) override {
    for (;;) {
      wait_for(fd_.get(), POLLIN, on_interrupt_);
      const auto n = ::read(fd_.get(), out.data(), out.size());
      if (n >= 0) {
        return static_cast<std::size_t>(n);
      }
      if (errno != EINTR && errno != EAGAIN) {
        throw_errno("read " + what_, errno);
      }
    }
  }

private:
  FileDescriptor fd_;
  std::string what_;
  OnInterrupt on_interrupt_;
};

class FdSink final : public Sink {
public:
  FdSink(FileDescriptor fd, std::string what) : fd_(std::move(fd)), what_(std::move(what)) {}
  void write(std::span<const std::byte> bytes) override { write_fully(fd_.get(), bytes, what_); }

private:
  FileDescriptor fd_;
  std::string what_;
};

/// A name like `name` that no other process and no other file of this process uses.
std::string temporary_name(const std::string& name) {
  static std::atomic<unsigned> counter{0};
  return "." + name + "." + std::to_string(::getpid()) + "." +
         std::to_string(counter.fetch_add(1)) + std::string(k_temporary_end);
}

/// Where to write `path`. For a link of the kernel to a file (/dev/stdout) it is that file, since
/// replacing the link itself would leave the file unchanged.
NamedPlace place_to_write(const std::filesystem::path& path) {
  auto place = find_place(path);
  std::error_code ignored;
  if (place.is_kernels_link && std::filesystem::is_regular_file(path, ignored)) {
    if (const auto target = std::filesystem::canonical(path, ignored); !ignored) {
      return find_place(target);
    }
  }
  return place;
}

/// Makes `fd` blocking unless it is a pipe. Reading and writing a pipe polls for data and for an
/// interrupt.
void block_unless_pipe(const FileDescriptor& fd, const struct stat& status) {
  if (!S_ISFIFO(status.st_mode)) {
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  }
}

/// The first temporary name for which `make` succeeds; names already taken (EEXIST) are passed
/// over. Empty with errno set if it fails for another reason.
std::string with_temporary_name(const std::string& name,
                                const std::function<bool(const std::string& name)>& make) {
  constexpr int k_most_tries = 100;
  for (int tries = 0; tries < k_most_tries; ++tries) {
    auto temporary = temporary_name(name);
    if (make(temporary)) {
      return temporary;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return {};
}

std::string proc_path(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

} // namespace

void throw_not_created(const std::string& what, int errno_value) {
  if (errno_value == ENOENT) {
    throw Error(ErrorKind::local_io,
                "cannot create " + what + ": " + std::generic_category().message(errno_value),
                "its folder does not exist: make it first");
  }
  throw_errno("create " + what, errno_value);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  close();
}

void FileDescriptor::close() noexcept {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

FileDescriptor open_for_reading(const std::filesystem::path& path) {
  const auto what = "'" + path.string() + "'";
  auto fd = find_place(path).open(O_RDONLY | O_NONBLOCK);
  if (!fd) {
    throw_errno("open " + what, errno);
  }
  struct stat status = {};
  if (::fstat(fd.get(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      throw_errno("read " + what, EISDIR);
    }
    block_unless_pipe(fd, status);
  }
  return fd;
}

FileDescriptor open_regular_file(const std::filesystem::path& path) {
  auto fd = open_for_reading(path);
  struct stat status = {};
  if (::fstat(fd.get(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::local_io, "'" + path.string() + "' is not a regular file");
  }
  return fd;
}

FileDescriptor open_for_appending(const std::filesystem::path& path, Earlier earlier,
                                  unsigned mode) {
  constexpr long k_pause_ms = 50; // polling: no event says that a pipe has got a reader
  const auto what = "'" + path.string() + "'";
  const auto place = find_place(path);
  auto fd = place.open(O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, mode);
  while (!fd && place.folder && errno == ENXIO) {
    interruptible_sleep_ms(k_pause_ms);
    fd = place.open(O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, mode);
  }
  if (!fd) {
    throw_not_created(what, errno);
  }
  check_not_planted(place.folder, fd, what);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) {
    throw_errno("write " + what, errno);
  }
  block_unless_pipe(fd, status);
  if (earlier == Earlier::removed && S_ISREG(status.st_mode) && ::ftruncate(fd.get(), 0) != 0) {
    throw_errno("write " + what, errno);
  }
  return fd;
}

FileDescriptor open_input(const std::string& path) {
  if (path != "-") {
    return open_for_reading(path);
  }
  FileDescriptor fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!fd) {
    throw_errno("read standard input", errno);
  }
  return fd;
}

std::string input_name(const std::string& path) {
  return path == "-" ? "standard input" : "'" + path + "'";
}

void write_fully(int fd, std::span<const std::byte> bytes, const std::string& what,
                 OnInterrupt on_interrupt) {
  while (!bytes.empty()) {
    check(on_interrupt);
    const auto n = ::write(fd, bytes.data(), std::min(bytes.size(), k_largest_write_bytes));
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      wait_for(fd, POLLOUT, on_interrupt);
    } else if (errno != EINTR) {
      throw_errno("write " + what, errno);
    }
  }
}

void write_fully_at(int fd, std::uint64_t offset, std::span<const std::byte> bytes,
                    const std::string& what) {
  while (!bytes.empty()) {
    check_interrupted();
    const auto n = ::pwrite(fd, bytes.data(), std::min(bytes.size(), k_largest_write_bytes),
                            static_cast<off_t>(offset));
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    } else if (errno != EINTR) {
      throw_errno("write " + what, errno);
    }
  }
}

std::unique_ptr<Source> make_range_source(std::shared_ptr<const FileDescriptor> file,
                                          std::uint64_t offset, std::uint64_t size_bytes,
                                          std::string what) {
  return std::make_unique<RangeSource>(std::move(file), offset, size_bytes, std::move(what));
}

std::unique_ptr<Source> make_fd_source(FileDescriptor fd, std::string what,
                                       OnInterrupt on_interrupt) {
  return std::make_unique<FdSource>(std::move(fd), std::move(what), on_interrupt);
}

std::unique_ptr<Sink> make_fd_sink(FileDescriptor fd, std::string what) {
  return std::make_unique<FdSink>(std::move(fd), std::move(what));
}

AtomicFile::AtomicFile(const std::filesystem::path& path, unsigned mode)
    : what_("'" + path.string() + "'") {
  const auto place = place_to_write(path);
  if (!place.folder) {
    throw_not_created(what_, errno);
  }
  if (const auto existing = place.open(O_PATH)) {
    struct stat status = {};
    if (::fstat(existing.get(), &status) != 0 || S_ISDIR(status.st_mode)) {
      throw_errno("write " + what_, EISDIR);
    }
    if (!S_ISREG(status.st_mode)) {
      throw Error(ErrorKind::local_io, // renaming would replace /dev/null for all users
                  "cannot write " + what_ + ": a device or a pipe is not to be replaced by a file",
                  "'-' writes to standard output, where the command takes it");
    }
    check_not_planted(place.folder, existing, what_);
  }
  folder_ = FileDescriptor(
      ::openat(place.folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); // for commit()
  if (!folder_) {
    throw_not_created(what_, errno);
  }
  name_ = place.name;
  create(mode);
}

AtomicFile::AtomicFile(FileDescriptor folder, std::string name, std::string what, unsigned mode)
    : folder_(std::move(folder)), name_(std::move(name)), what_(std::move(what)) {
  create(mode);
}

void AtomicFile::create(unsigned mode) {
  fd_ = FileDescriptor(::openat(folder_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  if (!fd_) { // not every file system has files without names
    temporary_ = with_temporary_name(name_, [&](const std::string& name) {
      fd_ = FileDescriptor(::openat(folder_.get(), name.c_str(),
                                    O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode));
      return static_cast<bool>(fd_);
    });
  }
  if (!fd_) {
    throw_not_created(what_, errno);
  }
  struct stat existing = {};
  if (::fstatat(folder_.get(), name_.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISREG(existing.st_mode)) {
    ::fchmod(fd_.get(), existing.st_mode & 07777);
  }
}

AtomicFile::~AtomicFile() {
  if (!committed_ && !temporary_.empty()) {
    ::unlinkat(folder_.get(), temporary_.c_str(), 0);
  }
}

void AtomicFile::write(std::span<const std::byte> bytes, OnInterrupt on_interrupt) {
  write_fully(fd_.get(), bytes, what_, on_interrupt);
}

void AtomicFile::commit(Durable durable) {
  if (durable != Durable::already && ::fsync(fd_.get()) != 0) {
    throw_errno("write " + what_, errno);
  }
  if (temporary_.empty()) {
    // linkat() cannot replace a file, so the file gets a temporary name for a moment.
    temporary_ = with_temporary_name(name_, [&](const std::string& name) {
      return ::linkat(AT_FDCWD, proc_path(fd_.get()).c_str(), folder_.get(), name.c_str(),
                      AT_SYMLINK_FOLLOW) == 0;
    });
    if (temporary_.empty()) {
      throw_not_created(what_, errno);
    }
  }
  if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str()) != 0) {
    throw_not_created(what_, errno);
  }
  committed_ = true;
  if (durable == Durable::bytes_and_name) {
    fsync_folder(folder_, what_);
  }
}

void fsync_folder(const FileDescriptor& folder, const std::string& what) {
  // Some file systems have no fsync for folders; their EINVAL says nothing about our data.
  if (::fsync(folder.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    throw_errno("write " + what, errno);
  }
}

void sync_file_system(const FileDescriptor& folder, const std::string& what) {
  if (::syncfs(folder.get()) != 0) {
    throw_errno("write " + what, errno);
  }
}

bool is_temporary_name(std::string_view name) noexcept {
  return name.starts_with('.') && name.ends_with(k_temporary_end);
}

FileDescriptor make_temporary_file() {
  const auto folder = without_empty(process_environment)("TMPDIR").value_or("/tmp");
  FileDescriptor fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) {
    std::string name = folder + "/regctl.XXXXXX";
    fd = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd) {
      throw_not_created("a temporary file in '" + folder + "'", errno);
    }
    ::unlink(name.c_str());
  }
  return fd;
}

std::unique_ptr<Source> KeptBytes::open() const {
  return make_range_source(file, 0, size_bytes, "a temporary file");
}

KeptBytes keep_bytes(Source& source) {
  auto file = std::make_shared<const FileDescriptor>(make_temporary_file());
  const auto sink =
      make_fd_sink(FileDescriptor(::fcntl(file->get(), F_DUPFD_CLOEXEC, 0)), "a temporary file");
  const auto size = pump(source, *sink);
  return {std::move(file), size};
}

std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  const auto what = "'" + path.string() + "'";
  const auto source = make_fd_source(open_for_reading(path), what);
  return read_text(*source, limit_bytes, what);
}

} // namespace regctl
