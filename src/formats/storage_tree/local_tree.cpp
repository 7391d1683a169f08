// SPDX-License-Identifier: Apache-2.0
#include "formats/storage_tree/local_tree.hpp"

#include "formats/storage_tree/local_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/text.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>

namespace regctl {

namespace {

constexpr long k_lease_pause_ms = 20;
/// Timestamps of file systems have coarse ticks: two changes within one tick look the same.
constexpr std::int64_t k_settled_ns = 1'000'000'000;
const std::string k_gone_prefix = ".~gone-"; // hidden, and unlike any name in a tree

/// A name for what is being removed.
std::string gone_name() {
  static std::atomic<unsigned> number{0};
  return k_gone_prefix + std::to_string(::getpid()) + "-" + std::to_string(number++);
}

/// The last part of a path, and the folder above it.
struct Parts {
  std::string above;
  std::string name;
};

Parts split(const std::string& path) {
  const auto parts = split_path(path);
  return {std::string(parts.folder.empty() ? "." : parts.folder), std::string(parts.name)};
}

std::int64_t changed_ns(const struct stat& status) {
  return status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
}

/// Whether the entry is a folder; a link to one does not count.
bool is_folder(const FileDescriptor& above, const dirent& entry) {
  struct stat status = {};
  return entry.d_type == DT_DIR ||
         (entry.d_type == DT_UNKNOWN &&
          ::fstatat(above.get(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISDIR(status.st_mode));
}

/// Whether an open folder is still in the tree. It may have been removed while this thread waited
/// for its lock.
bool is_still_there(const FileDescriptor& folder) {
  struct stat status = {};
  return ::fstat(folder.get(), &status) == 0 && status.st_nlink > 0;
}

class LocalFile final : public StoredFile {
public:
  LocalFile(FileDescriptor fd, const struct stat& status)
      : fd_(std::make_shared<const FileDescriptor>(std::move(fd))), status_(status) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override {
    return static_cast<std::uint64_t>(status_.st_size);
  }
  [[nodiscard]] std::string version() const override { return version_of(status_); }

  [[nodiscard]] std::unique_ptr<Source> open_part(std::uint64_t offset, std::uint64_t size_bytes,
                                                  std::string what) const override {
    return make_range_source(fd_, offset, size_bytes, std::move(what));
  }

  [[nodiscard]] std::shared_ptr<const FileDescriptor> descriptor() const override { return fd_; }

private:
  std::shared_ptr<const FileDescriptor> fd_; // shared with sources
  struct stat status_;                       // as it was opened
};

/// Looks at the folder with each question: that costs no more than one look for all.
class LocalView final : public FolderView {
public:
  LocalView(const LocalTree& tree, std::string path) : tree_(tree), path_(std::move(path)) {}

  [[nodiscard]] bool has_file(const std::string& name) const override {
    return tree_.has_file(path_ + "/" + name);
  }
  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& name) const override {
    return tree_.find_file(path_ + "/" + name);
  }
  [[nodiscard]] std::optional<std::string> read(const std::string& name,
                                                std::uint64_t limit_bytes) const override {
    return tree_.read(path_ + "/" + name, limit_bytes);
  }

private:
  const LocalTree& tree_;
  std::string path_;
};

} // namespace

void for_each_entry(const FileDescriptor& folder, const std::string& what,
                    const std::function<void(const dirent&)>& on_entry) {
  struct CloseFolder {
    void operator()(DIR* opened) const noexcept { ::closedir(opened); }
  };
  const int owned = ::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0); // for closedir() to close
  const std::unique_ptr<DIR, CloseFolder> opened(owned < 0 ? nullptr : ::fdopendir(owned));
  if (!opened) {
    throw_errno("read " + what, errno);
  }
  errno = 0;
  while (const auto* entry = ::readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      on_entry(*entry);
    }
    errno = 0;
  }
  if (errno != 0) {
    throw_errno("read " + what, errno);
  }
}

void refuse_file(const std::string& folder) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(folder, ignored)) {
    throw Error(ErrorKind::protocol,
                "'" + folder + "' is a file, not the folder of a storage tree");
  }
}

std::unique_ptr<StorageTree> open_local_tree(const std::string& folder, MissingTree missing) {
  refuse_file(folder);
  if (missing == MissingTree::create) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
      throw_errno("create '" + folder + "'", error.value());
    }
  }
  return std::make_unique<LocalTree>(folder);
}

bool is_chaff(std::string_view name) noexcept {
  return name.starts_with('.') || name == "lost+found";
}

LocalTree::LocalTree(std::string folder) : folder_(std::move(folder)) {
  root_ = FileDescriptor(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) {
    throw_errno("open '" + folder_ + "'", errno);
  }
}

std::string LocalTree::what(std::string_view path) const {
  return "'" + folder_ + (folder_.ends_with('/') ? "" : "/") + std::string(path) + "'";
}

/// Returns a closed descriptor if the file is absent.
FileDescriptor LocalTree::open_beneath(const std::string& path, int flags) const {
  struct open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do { // EAGAIN: during a rename the kernel cannot be sure that no path led out
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

/// Returns a closed descriptor if the folder is absent.
FileDescriptor LocalTree::open_folder(const std::string& path) const {
  return open_beneath(path, O_RDONLY | O_DIRECTORY);
}

std::optional<LocalTree::OpenFile> LocalTree::open_file(const std::string& path) const {
  OpenFile file;
  file.fd = open_beneath(path, O_RDONLY | O_NONBLOCK); // opening a pipe must not block
  if (!file.fd) {
    return std::nullopt;
  }
  if (::fstat(file.fd.get(), &file.status) != 0) {
    throw_errno("read " + what(path), errno);
  }
  if (!S_ISREG(file.status.st_mode)) {
    throw Error(ErrorKind::protocol, what(path) + " is not a regular file");
  }
  return file;
}

std::unique_ptr<StoredFile> LocalTree::find_file(const std::string& path) const {
  auto file = open_file(path);
  return file ? std::make_unique<LocalFile>(std::move(file->fd), file->status) : nullptr;
}

std::optional<std::string> LocalTree::read(const std::string& path,
                                           std::uint64_t limit_bytes) const {
  const auto file = open_file(path);
  if (!file) {
    return std::nullopt;
  }
  const auto size = static_cast<std::uint64_t>(file->status.st_size);
  if (size > limit_bytes) {
    throw Error(ErrorKind::protocol,
                what(path) + " is larger than " + std::to_string(limit_bytes) + " bytes");
  }
  std::string text(static_cast<std::size_t>(size), '\0');
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

bool LocalTree::has_file(const std::string& path) const {
  return static_cast<bool>(open_beneath(path, O_PATH));
}

bool LocalTree::has_folder(const std::string& path) const {
  return static_cast<bool>(open_folder(path));
}

std::unique_ptr<FolderView> LocalTree::view(const std::string& path) const {
  return std::make_unique<LocalView>(*this, path);
}

bool LocalTree::read_files(const std::string& path,
                           const std::function<bool(const std::string& name)>& is_wanted,
                           std::uint64_t limit_bytes, const OnContent& on_content) const {
  return list(path, [&](const std::string& name) {
    if (!is_wanted(name)) {
      return;
    }
    std::optional<std::string> content;
    try {
      content = read(path + "/" + name, limit_bytes);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::protocol) {
        throw;
      }
    }
    on_content(name, std::move(content));
  });
}

bool LocalTree::list(const std::string& path, const OnName& on_name) const {
  const auto folder = open_folder(path);
  if (!folder) {
    return false;
  }
  for_each_entry(folder, what(path), [&](const dirent& entry) {
    if (entry.d_name[0] != '.') {
      on_name(entry.d_name);
    }
  });
  return true;
}

bool LocalTree::list_entries(const std::string& path,
                             const std::function<void(const FolderEntry&)>& on_entry) const {
  const auto folder = open_folder(path.empty() ? "." : path);
  if (!folder) {
    return false;
  }
  for_each_entry(folder, what(path), [&](const dirent& entry) {
    struct stat status = {};
    FolderEntry found{entry.d_name, entry.d_type == DT_DIR, entry.d_type == DT_LNK};
    if (entry.d_type == DT_UNKNOWN &&
        ::fstatat(folder.get(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      found.is_folder = S_ISDIR(status.st_mode);
      found.is_link = S_ISLNK(status.st_mode);
    }
    if (found.is_link && ::fstatat(folder.get(), entry.d_name, &status, 0) == 0) {
      found.is_folder = S_ISDIR(status.st_mode);
    }
    on_entry(found);
  });
  return true;
}

std::string LocalTree::folder_version(const std::string& path) const {
  const auto folder = open_folder(path);
  if (!folder) {
    return {};
  }
  struct stat status = {};
  if (::fstat(folder.get(), &status) != 0) {
    throw_errno("read " + what(path), errno);
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto changed = changed_ns(status);
  const auto age_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() - changed;
  // The raw bytes: a search index keeps many versions, and so short a string needs no heap memory.
  return age_ns > k_settled_ns
             ? std::string(reinterpret_cast<const char*>(&changed), sizeof changed)
             : std::string();
}

std::optional<std::chrono::system_clock::time_point>
LocalTree::last_change(const std::string& path) const {
  const auto folder = open_folder(path);
  if (!folder) {
    return std::nullopt;
  }
  struct stat status = {};
  if (::fstat(folder.get(), &status) != 0) {
    throw_errno("read " + what(path), errno);
  }
  auto newest_s = status.st_mtim.tv_sec;
  for_each_entry(folder, what(path), [&](const dirent& entry) {
    if (entry.d_name[0] != '.' &&
        ::fstatat(folder.get(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      newest_s = std::max(newest_s, status.st_mtim.tv_sec);
    }
  });
  return std::chrono::system_clock::from_time_t(newest_s);
}

void LocalTree::for_each_unfinished(
    const std::string& path, int levels,
    const std::function<void(const UnfinishedFile&)>& on_file) const {
  const auto folder = open_folder(path);
  if (!folder) {
    return;
  }
  for_each_entry(folder, what(path), [&](const dirent& entry) {
    const std::string name = entry.d_name;
    struct stat status = {};
    if (is_temporary_name(name)) {
      if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISREG(status.st_mode)) {
        on_file({path + "/" + name, static_cast<std::uint64_t>(status.st_size)});
      }
    } else if (levels > 0 && !name.starts_with('.') && is_folder(folder, entry)) {
      for_each_unfinished(path + "/" + name, levels - 1, on_file);
    }
  });
}

std::optional<std::uint64_t> LocalTree::free_bytes() const {
  struct statvfs status = {};
  if (::fstatvfs(root_.get(), &status) != 0 || status.f_blocks == 0) {
    return std::nullopt;
  }
  // Root may use the reserved blocks. If the value is too high, a later write still fails with an
  // error.
  const auto blocks = ::geteuid() == 0 ? status.f_bfree : status.f_bavail;
  return std::uint64_t{blocks} * status.f_frsize;
}

FileDescriptor LocalTree::open_or_make_folder(const std::string& path) const {
  if (auto there = open_folder(path)) {
    return there;
  }
  const auto [above_path, name] = split(path);
  const auto above = above_path == "." ? open_folder(".") : open_or_make_folder(above_path);
  if (::mkdirat(above.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
    throw_errno("create " + what(path), errno);
  }
  fsync_folder(above, what(path)); // a file in it is durable only if the folder is
  if (auto made = open_folder(path)) {
    return made;
  }
  throw_errno("create " + what(path), ENOTDIR);
}

std::unique_ptr<StorageFolder> LocalTree::make_folder(const std::string& path) {
  return std::make_unique<LocalFolder>(*this, path, open_or_make_folder(path));
}

std::unique_ptr<StorageFolder> LocalTree::find_folder(const std::string& path) {
  auto folder = open_folder(path);
  return folder ? std::make_unique<LocalFolder>(*this, path, std::move(folder)) : nullptr;
}

std::unique_ptr<StorageFolder> LocalTree::lease(const std::string& path, Sharing sharing,
                                                std::optional<std::chrono::milliseconds> patience) {
  const int how = (sharing == Sharing::shared ? LOCK_SH : LOCK_EX) | (patience ? LOCK_NB : 0);
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    auto folder = open_or_make_folder(path);
    if (::flock(folder.get(), how) == 0) {
      if (is_still_there(folder)) {
        return std::make_unique<LocalFolder>(*this, path, std::move(folder));
      }
    } else if (errno != EWOULDBLOCK && errno != EINTR) {
      throw_errno("lock " + what(path), errno);
    }
    if (patience) {
      if (std::chrono::steady_clock::now() - begin >= *patience) {
        return nullptr;
      }
      interruptible_sleep_ms(k_lease_pause_ms);
    }
  }
}

/// Its bytes get a name only to be renamed at once. So a kill leaves at most an unfinished file.
class LocalLooseUpload final : public LooseUpload {
public:
  LocalLooseUpload(const LocalTree& tree, const std::string& aside)
      : tree_(tree), aside_(tree.open_or_make_folder(aside)), name_(passing_name()),
        file_(tree.open_or_make_folder(aside), name_, tree.what(aside + "/" + name_)) {}

  LocalLooseUpload(const LocalLooseUpload&) = delete;
  LocalLooseUpload& operator=(const LocalLooseUpload&) = delete;
  ~LocalLooseUpload() override {
    if (is_named_) {
      ::unlinkat(aside_.get(), name_.c_str(), 0);
    }
  }

  void write(std::span<const std::byte> bytes) override {
    file_.write(bytes);
    size_bytes_ += bytes.size();
  }

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return size_bytes_; }

  void commit(const std::string& path) override {
    file_.commit(AtomicFile::Durable::bytes);
    is_named_ = true;
    const auto [above_path, name] = split(path);
    const auto above = tree_.open_or_make_folder(above_path);
    if (::renameat(aside_.get(), name_.c_str(), above.get(), name.c_str()) != 0) {
      throw_errno("write " + tree_.what(path), errno);
    }
    is_named_ = false;
    fsync_folder(above, tree_.what(path));
  }

private:
  static std::string passing_name() {
    static std::atomic<unsigned> number{0};
    return ".loose." + std::to_string(::getpid()) + "." + std::to_string(number++) + ".part";
  }

  const LocalTree& tree_;
  FileDescriptor aside_;
  std::string name_;
  AtomicFile file_;
  std::uint64_t size_bytes_ = 0;
  bool is_named_ = false;
};

std::unique_ptr<LooseUpload> LocalTree::start_loose_upload(const std::string& aside,
                                                           const std::string&) {
  return std::make_unique<LocalLooseUpload>(*this, aside);
}

bool is_removed_name(std::string_view name) noexcept {
  return name.starts_with(k_gone_prefix);
}

bool LocalTree::put_folder(const std::string& path, const FileGroup& files,
                           const std::string& aside) {
  const auto name = gone_name();
  const auto made = aside + "/" + name;
  const auto other = open_or_make_folder(aside);
  const auto [above_path, last] = split(path);
  try {
    for (const auto& file : files.files) {
      const auto [folder, file_name] = split(made + "/" + file.name);
      make_folder(folder)->put(file_name, file.text);
    }
    const auto above = open_or_make_folder(above_path);
    if (::renameat(other.get(), name.c_str(), above.get(), last.c_str()) == 0) {
      fsync_folder(above, what(path));
      return true;
    }
    if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) {
      throw_errno("create " + what(path), errno);
    }
  } catch (...) {
    remove_below(other, name, what(made));
    throw;
  }
  remove_below(other, name, what(made));
  return false;
}

bool LocalTree::remove_all(const std::string& path, const std::string& aside, const std::string&) {
  const auto [above_path, name] = split(path);
  const auto above = open_folder(above_path);
  if (!above) {
    return false;
  }
  const auto gone = gone_name();
  const auto other = open_or_make_folder(aside);
  if (::renameat(above.get(), name.c_str(), other.get(), gone.c_str()) != 0) {
    if (errno == ENOENT) {
      return false;
    }
    throw_errno("remove " + what(path), errno);
  }
  fsync_folder(above, what(path));
  fsync_folder(other, what(aside));
  remove_below(other, gone, what(path));
  return true;
}

/// Removes a file or folder with all that is in it; links are removed, not followed.
void LocalTree::remove_below(const FileDescriptor& above, const std::string& name,
                             const std::string& what) {
  if (::unlinkat(above.get(), name.c_str(), 0) == 0 || errno == ENOENT) {
    return;
  }
  if (errno != EISDIR && errno != EPERM) {
    throw_errno("remove " + what, errno);
  }
  const FileDescriptor folder(
      ::openat(above.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) {
    throw_errno("remove " + what, errno);
  }
  std::vector<std::string> names;
  for_each_entry(folder, what, [&](const dirent& entry) { names.emplace_back(entry.d_name); });
  for (const auto& inner : names) {
    remove_below(folder, inner, what);
  }
  if (::unlinkat(above.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    throw_errno("remove " + what, errno);
  }
}

void LocalTree::remove_folder(const std::string& path) {
  const auto [above_path, name] = split(path);
  const auto above = open_folder(above_path);
  if (!above || ::unlinkat(above.get(), name.c_str(), AT_REMOVEDIR) != 0) {
    throw_errno("remove " + what(path), errno);
  }
}

/// Removing the file and the folder takes two steps, and in between the folder would be visible
/// without the file. So the folder is first renamed to a hidden name.
void LocalTree::remove_folder_with(const std::string& path, const std::string& last) {
  const auto [above_path, name] = split(path);
  const auto above = open_folder(above_path);
  if (!above) {
    return;
  }
  std::vector<std::string> left;
  if (const auto folder = open_folder(path)) {
    for_each_entry(folder, what(path),
                   [&](const dirent& entry) { left.emplace_back(entry.d_name); });
  }
  if (left.empty()) {
    if (::unlinkat(above.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOTEMPTY) {
      throw_errno("remove " + what(path), errno);
    }
  } else if (left == std::vector<std::string>{last}) {
    const auto gone = gone_name();
    if (::renameat(above.get(), name.c_str(), above.get(), gone.c_str()) != 0) {
      throw_errno("remove " + what(path), errno);
    }
  }
  fsync_folder(above, what(path));
  sweep_removed(above, above_path, last);
}

/// Removes folders that were renamed before. Best effort: readers do not see them.
void LocalTree::sweep_removed(const FileDescriptor& above, const std::string& path,
                              const std::string& last) const {
  std::vector<std::string> gone;
  for_each_entry(above, what(path), [&](const dirent& entry) {
    if (std::string_view(entry.d_name).starts_with(k_gone_prefix)) {
      gone.emplace_back(entry.d_name);
    }
  });
  for (const auto& name : gone) {
    static_cast<void>(::unlinkat(above.get(), (name + "/" + last).c_str(), 0));
    static_cast<void>(::unlinkat(above.get(), name.c_str(), AT_REMOVEDIR));
  }
}

void LocalTree::remove_unfinished(const UnfinishedFile& file) {
  const auto [above_path, name] = split(file.path);
  const auto above = open_folder(above_path);
  if (above && ::unlinkat(above.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    throw_errno("remove " + what(file.path), errno);
  }
}

} // namespace regctl
