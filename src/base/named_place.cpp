// SPDX-License-Identifier: Apache-2.0
#include "base/named_place.hpp"

#include <regctl/base/error.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <vector>

namespace regctl {

namespace {

constexpr int k_most_links = 40; // the kernel's limit

/// Whether a file of `owner` in a sticky folder that every user can write to belongs to an
/// untrusted user: neither the folder's owner nor us.
bool is_planted(const struct stat& folder, uid_t owner) {
  constexpr mode_t k_open_to_all = S_ISVTX | S_IWOTH;
  return (folder.st_mode & k_open_to_all) == k_open_to_all && owner != folder.st_uid &&
         owner != ::geteuid();
}

[[noreturn]] void refuse(const std::string& what, uid_t owner, const char* hint) {
  throw Error(ErrorKind::local_io,
              what + " was put there by another user (UID " + std::to_string(owner) +
                  "), in a folder that is open to everybody",
              hint);
}

bool is_in_proc(const FileDescriptor& fd) {
  struct statfs system = {};
  return ::fstatfs(fd.get(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

/// Walks a path part by part, each from the open folder before it, so that no process can exchange
/// a part already passed.
class Walk {
public:
  explicit Walk(const std::string& path) : what_("'" + path + "'") {
    push(path);
    if (path.empty()) {
      errno = ENOENT;
      folder_ = {};
    }
  }

  NamedPlace run() {
    NamedPlace place;
    while (folder_) {
      if (rest_.empty()) {
        place.name = ".";
        break;
      }
      const auto part = take_part();
      if (part == "..") {
        go_to(FileDescriptor(::openat(folder_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC)));
        continue;
      }
      FileDescriptor next(::openat(folder_.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat status = {};
      if (next && ::fstat(next.get(), &status) == 0 && S_ISLNK(status.st_mode)) {
        if (is_in_proc(next)) {
          place.name = part + join_rest();
          place.is_kernels_link = true;
          break;
        }
        follow(next, status);
      } else if (rest_.empty() && (next || errno == ENOENT)) {
        place.name = part;
        break;
      } else {
        go_to(std::move(next));
      }
    }
    place.folder = std::move(folder_);
    return place;
  }

private:
  void push(const std::string& path) {
    if (path.starts_with('/') || !folder_) {
      go_to(FileDescriptor(
          ::open(path.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    }
    if (path.ends_with('/')) {
      rest_.emplace_back("."); // a path that ends with '/' names a folder
    }
    for (auto end = path.size(); end > 0;) {
      const auto slash = path.rfind('/', end - 1);
      const auto begin = slash == std::string::npos ? 0 : slash + 1;
      if (begin < end) {
        rest_.push_back(path.substr(begin, end - begin));
      }
      end = slash == std::string::npos ? 0 : slash;
    }
  }

  std::string take_part() {
    auto part = std::move(rest_.back());
    rest_.pop_back();
    return part;
  }

  std::string join_rest() {
    std::string joined;
    while (!rest_.empty()) {
      joined += "/" + take_part();
    }
    return joined;
  }

  void go_to(FileDescriptor next) {
    const int reason = errno; // closing the old folder may change it
    folder_ = std::move(next);
    errno = reason;
  }

  void follow(const FileDescriptor& link, const struct stat& status) {
    struct stat folder = {};
    std::array<char, PATH_MAX> target{};
    if (::fstat(folder_.get(), &folder) == 0 && is_planted(folder, status.st_uid)) {
      refuse("the link " + what_, status.st_uid, "name the file itself that is meant");
    }
    const auto size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size <= 0 || ++links_ > k_most_links) {
      errno = size <= 0 ? ENOENT : ELOOP;
      go_to({});
      return;
    }
    push(std::string(target.data(), static_cast<std::size_t>(size)));
  }

  std::string what_;
  FileDescriptor folder_;
  std::vector<std::string> rest_; ///< in reverse order: the next part is the last
  int links_ = 0;
};

} // namespace

FileDescriptor NamedPlace::open(int flags, unsigned mode) const {
  if (!folder) {
    return {};
  }
  const int nofollow = is_kernels_link ? 0 : O_NOFOLLOW;
  return FileDescriptor(::openat(folder.get(), name.c_str(), flags | nofollow | O_CLOEXEC, mode));
}

NamedPlace find_place(const std::filesystem::path& path) {
  return Walk(path.string()).run();
}

void check_not_planted(const FileDescriptor& folder, const FileDescriptor& fd,
                       const std::string& what) {
  struct stat place = {};
  struct stat status = {};
  if (::fstat(folder.get(), &place) == 0 && ::fstat(fd.get(), &status) == 0 &&
      is_planted(place, status.st_uid)) {
    refuse(what, status.st_uid, "name another file, or one in a folder of your own");
  }
}

} // namespace regctl
