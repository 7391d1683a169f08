// SPDX-License-Identifier: Apache-2.0
#include "formats/storage_tree/local_folder.hpp"
#include "formats/storage_tree/local_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace regctl {

namespace {

constexpr const char* k_two_file_systems = "they are on two file systems";

struct stat status_of(int fd, const std::string& what) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) {
    throw_errno("read " + what, errno);
  }
  return status;
}

/// Whether a server that runs as the owner of `folder` can read a file as well as one that we would
/// write. What root owns tells nothing of the server's user.
bool can_server_read(const struct stat& file, const struct stat& folder) {
  if ((file.st_mode & S_IROTH) != 0) {
    return true;
  }
  const bool is_owner = file.st_uid == folder.st_uid && (file.st_mode & S_IRUSR) != 0;
  const bool is_in_group = file.st_gid == folder.st_gid && (file.st_mode & S_IRGRP) != 0;
  return folder.st_uid != 0 && (is_owner || is_in_group);
}

/// What keeps link(2) from making a link, in words; empty for errors that a copy would meet too.
std::string obstacle_of(int error) {
  switch (error) {
  case EXDEV:
    return k_two_file_systems;
  case EMLINK:
    return "a file has as many links as its file system allows";
  case EPERM:
  case EACCES:
    return "the kernel lets only their owner link them (fs.protected_hardlinks)";
  case EOPNOTSUPP:
  case ENOSYS:
  case ENOENT: // no /proc
    return "hard links cannot be made here";
  default:
    return {};
  }
}

std::string passing_name() {
  static std::atomic<unsigned> number{0};
  return ".adopted." + std::to_string(::getpid()) + "." + std::to_string(number++) + ".part";
}

/// A name that is removed again, whatever happens. Renaming a link onto another one of the same
/// file does nothing and leaves both names.
class PassingName {
public:
  PassingName(const FileDescriptor& folder, std::string name)
      : folder_(folder), name_(std::move(name)) {}
  PassingName(const PassingName&) = delete;
  PassingName& operator=(const PassingName&) = delete;
  ~PassingName() { ::unlinkat(folder_.get(), name_.c_str(), 0); }

private:
  const FileDescriptor& folder_;
  std::string name_;
};

} // namespace

StorageTree::Adoption LocalTree::can_adopt(const StoredFile& file) const {
  const auto fd = file.descriptor();
  if (!fd) {
    return {};
  }
  const auto its = status_of(fd->get(), "a file to link");
  const auto own = status_of(root_.get(), "'" + folder_ + "'");
  if (its.st_dev != own.st_dev) {
    return {false, k_two_file_systems};
  }
  if (!can_server_read(its, own)) {
    return {false, "their modes let nobody but their owner read them"};
  }
  return {true};
}

std::string LocalTree::adopt(const StoredFile& file, const std::string& path,
                             const std::string& aside) {
  const auto fd = file.descriptor();
  if (version_of(status_of(fd->get(), what(path))) != file.version()) {
    throw Error(ErrorKind::integrity, "a file was written while it was read for " + what(path),
                "run it again when nobody writes there");
  }
  if (::fsync(fd->get()) != 0) { // whoever wrote it may not have waited for the disk
    throw_errno("write " + what(path), errno);
  }
  const auto other = open_or_make_folder(aside);
  const auto name = passing_name();
  const auto open_file = "/proc/self/fd/" + std::to_string(fd->get());
  if (::linkat(AT_FDCWD, open_file.c_str(), other.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    const int error = errno;
    auto obstacle = obstacle_of(error);
    if (obstacle.empty()) {
      throw_errno("link " + what(path), error);
    }
    return obstacle;
  }
  const PassingName passing(other, name);
  const auto [folder, last] = split_path(path);
  const auto above = open_or_make_folder(std::string(folder));
  if (::renameat(other.get(), name.c_str(), above.get(), std::string(last).c_str()) != 0) {
    throw_errno("write " + what(path), errno);
  }
  fsync_folder(above, what(path));
  return {};
}

} // namespace regctl
