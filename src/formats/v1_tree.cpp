// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_tree.hpp"

#include <regctl/base/error.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

namespace regctl {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

} // namespace

Tree::Tree(std::string folder) : folder_(std::move(folder)) {
  root_ = FileDescriptor(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) {
    throw_errno("open '" + folder_ + "'", errno);
  }
}

std::string Tree::what(std::string_view path) const {
  return "'" + folder_ + (folder_.ends_with('/') ? "" : "/") + std::string(path) + "'";
}

/// An absent file gives a closed descriptor.
FileDescriptor Tree::open_beneath(const std::string& path, int flags) const {
  struct open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do { // EAGAIN: a rename somewhere made the kernel unsure that nothing led out
    fd = ::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd >= 0) {
    return FileDescriptor(static_cast<int>(fd));
  }
  switch (errno) {
  case ENOENT:
  case ENOTDIR:
  case ENAMETOOLONG:
    return {};
  case EXDEV:
  case ELOOP:
    throw Error(ErrorKind::protocol, what(path) + " is a link that leads out of the storage tree",
                "put the files themselves in its place");
  case ENXIO:
  case ENODEV:
    throw Error(ErrorKind::protocol, what(path) + " is not a regular file");
  case ENOSYS:
    throw Error(ErrorKind::unsupported, "storage trees need Linux 5.6 or later (openat2)");
  default:
    throw_errno("open " + what(path), errno);
  }
}

std::optional<Tree::File> Tree::find_file(const std::string& path) const {
  File file;
  file.fd = open_beneath(path, O_RDONLY | O_NONBLOCK); // a pipe must not hold us up
  if (!file.fd) {
    return std::nullopt;
  }
  struct stat status = {};
  if (::fstat(file.fd.get(), &status) != 0) {
    throw_errno("read " + what(path), errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::protocol, what(path) + " is not a regular file");
  }
  file.size_bytes = static_cast<std::uint64_t>(status.st_size);
  return file;
}

std::optional<FileDescriptor> Tree::find_folder(const std::string& path) const {
  auto fd = open_beneath(path, O_RDONLY | O_DIRECTORY);
  return fd ? std::optional(std::move(fd)) : std::nullopt;
}

std::optional<std::string> Tree::read(const std::string& path, std::uint64_t limit_bytes) const {
  auto file = find_file(path);
  if (!file) {
    return std::nullopt;
  }
  if (file->size_bytes > limit_bytes) {
    throw Error(ErrorKind::protocol,
                what(path) + " is larger than " + std::to_string(limit_bytes) + " bytes");
  }
  std::string text(static_cast<std::size_t>(file->size_bytes), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const auto n = ::read(file->fd.get(), text.data() + filled, text.size() - filled);
    if (n < 0 && errno != EINTR) {
      throw_errno("read " + what(path), errno);
    }
    if (n == 0) {
      text.resize(filled);
    }
    filled += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return text;
}

bool Tree::has(const std::string& path) const {
  return static_cast<bool>(open_beneath(path, O_PATH));
}

void Tree::list_temporaries(const std::string& path,
                            const std::function<void(const std::string&)>& on_entry) const {
  list(
      path,
      [&](const std::string& name) {
        if (is_temporary_name(name)) {
          on_entry(name);
        }
      },
      Hidden::show);
}

void Tree::remove_temporary_files(const std::string& path) const {
  std::vector<std::string> names;
  list_temporaries(path, [&](const std::string& name) { names.push_back(name); });
  const auto folder = find_folder(path);
  for (const auto& name : names) {
    if (::unlinkat(folder->get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      throw_errno("remove " + what(path + "/" + name), errno);
    }
  }
}

void Tree::list(const std::string& path, const std::function<void(const std::string&)>& on_entry,
                Hidden hidden) const {
  auto fd = find_folder(path);
  if (!fd) {
    return;
  }
  const int owned = ::fcntl(fd->get(), F_DUPFD_CLOEXEC, 0); // closedir() closes what it was given
  const std::unique_ptr<DIR, CloseFolder> folder(owned < 0 ? nullptr : ::fdopendir(owned));
  if (!folder) {
    throw_errno("read " + what(path), errno);
  }
  errno = 0;
  while (const auto* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (!name.starts_with('.') || (hidden == Hidden::show && name != "." && name != "..")) {
      on_entry(name);
    }
    errno = 0;
  }
  if (errno != 0) {
    throw_errno("read " + what(path), errno);
  }
}

FileDescriptor Tree::make_folder(const std::string& path) const {
  if (auto there = find_folder(path)) {
    return std::move(*there);
  }
  const auto slash = path.rfind('/');
  const auto above = slash == std::string::npos ? open_beneath(".", O_RDONLY | O_DIRECTORY)
                                                : make_folder(path.substr(0, slash));
  const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (::mkdirat(above.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
    throw_errno("create " + what(path), errno);
  }
  fsync_folder(above, what(path)); // a file in it is durable only if the folder is
  if (auto made = find_folder(path)) {
    return std::move(*made);
  }
  throw_errno("create " + what(path), ENOTDIR);
}

} // namespace regctl
