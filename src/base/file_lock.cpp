// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/file_lock.hpp>

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

namespace regctl {

FileDescriptor open_and_lock(const std::filesystem::path& path) {
  while (true) {
    auto file = open_for_appending(path, Earlier::kept);
    while (::flock(file.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || status.st_nlink > 0) {
      return file;
    } // it was removed by the process that had the lock
  }
}

} // namespace regctl
