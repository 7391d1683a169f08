// SPDX-License-Identifier: Apache-2.0
#include "formats/storage_tree/local_folder.hpp"

#include "formats/storage_tree/local_tree.hpp"

#include <regctl/base/error.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace regctl {

namespace {

FileDescriptor duplicate(int fd, const std::string& what) {
  FileDescriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) {
    throw_errno("open " + what, errno);
  }
  return copy;
}

AtomicFile::Durable to_durable(Durability durability) {
  return durability == Durability::whole ? AtomicFile::Durable::bytes_and_name
                                         : AtomicFile::Durable::bytes;
}

/// Reads a file that may still grow.
class WrittenSource final : public Source {
public:
  WrittenSource(std::shared_ptr<const FileDescriptor> file, std::string what)
      : file_(std::move(file)), what_(std::move(what)) {}

  std::size_t read(std::span<std::byte> out) override {
    ssize_t n = -1;
    do {
      n = ::pread(file_->get(), out.data(), out.size(), static_cast<off_t>(offset_));
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      throw_errno("read " + what_, errno);
    }
    offset_ += static_cast<std::uint64_t>(n);
    return static_cast<std::size_t>(n);
  }

private:
  std::shared_ptr<const FileDescriptor> file_; // shared: readers outlive the upload
  std::string what_;
  std::uint64_t offset_ = 0;
};

class LocalUpload final : public StorageUpload {
public:
  explicit LocalUpload(std::unique_ptr<AtomicFile> file) : file_(std::move(file)) {}

  void write(std::span<const std::byte> bytes) override {
    file_->write(bytes);
    size_bytes_ += bytes.size();
  }

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return size_bytes_; }

  void commit(Durability durability) override { file_->commit(to_durable(durability)); }

  [[nodiscard]] OpenSource written_bytes() const override {
    const auto fd = std::make_shared<const FileDescriptor>(duplicate(file_->fd(), file_->what()));
    return [fd, what = file_->what()] { return std::make_unique<WrittenSource>(fd, what); };
  }

private:
  std::unique_ptr<AtomicFile> file_;
  std::uint64_t size_bytes_ = 0;
};

} // namespace

std::string version_of(const struct stat& status) {
  return std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

std::string LocalFolder::what(const std::string& name) const {
  return tree_.what(path_ == "." ? name : path_ + "/" + name);
}

std::unique_ptr<AtomicFile> LocalFolder::begin_file(const std::string& name) const {
  return std::make_unique<AtomicFile>(duplicate(folder_.get(), what(name)), name, what(name));
}

void LocalFolder::put(const std::string& name, std::string_view text, Durability durability) {
  if (durability == Durability::name_only) {
    put_mark(name, text);
    return;
  }
  const auto file = begin_file(name);
  file->write(as_bytes(text));
  file->commit(to_durable(durability));
}

void LocalFolder::put_mark(const std::string& name, std::string_view text) const {
  const FileDescriptor file(
      ::openat(folder_.get(), name.c_str(),
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
  if (!file) {
    throw_errno("create " + what(name), errno);
  }
  write_fully(file.get(), as_bytes(text), what(name));
  fsync_folder(folder_, what(name));
}

bool LocalFolder::claim(const std::string& name, std::string_view word) {
  if (word.empty()) {
    put_mark(name, "true");
  } else {
    put(name, word, Durability::whole);
  }
  return true;
}

bool LocalFolder::put_if_unchanged(const std::string& name, std::string_view text,
                                   const std::string& version) {
  struct stat status = {};
  const bool is_there = ::fstatat(folder_.get(), name.c_str(), &status, 0) == 0;
  if (!is_there && errno != ENOENT) {
    throw_errno("read " + what(name), errno);
  }
  if ((is_there ? version_of(status) : std::string()) != version) {
    return false;
  }
  put(name, text, Durability::whole);
  return true;
}

/// Writes the files of a group without their names and starts writing them back, so that
/// put_groups() waits for the disk once for all.
LocalFolder::Files LocalFolder::begin_files(const FileGroup& group) const {
  Files files;
  for (const auto& file : group.files) {
    files.push_back(begin_file(file.name));
    files.back()->write(as_bytes(file.text));
    // Only a head start: commit() waits and reports errors.
    static_cast<void>(::sync_file_range(files.back()->fd(), 0, 0, SYNC_FILE_RANGE_WRITE));
  }
  return files;
}

std::vector<std::exception_ptr>
LocalFolder::put_groups(const std::vector<const FileGroup*>& groups) {
  std::vector<std::exception_ptr> problems(groups.size());
  try {
    std::vector<Files> begun(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      try {
        begun[i] = begin_files(*groups[i]);
      } catch (...) {
        problems[i] = std::current_exception();
      }
    }
    auto durable = AtomicFile::Durable::bytes;
    if (groups.size() > 1) { // fsync of one group need not wait for others' writes
      sync_file_system(folder_, tree_.what(path_));
      durable = AtomicFile::Durable::already;
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      try {
        for (const auto& file : problems[i] ? Files() : std::exchange(begun[i], {})) {
          file->commit(durable);
        }
      } catch (...) {
        problems[i] = std::current_exception();
      }
    }
    sync();
  } catch (...) {
    for (auto& problem : problems) {
      problem = problem ? problem : std::current_exception();
    }
  }
  return problems;
}

std::unique_ptr<StorageUpload> LocalFolder::start_upload(const std::string& name) {
  return std::make_unique<LocalUpload>(begin_file(name));
}

bool LocalFolder::remove(const std::string& name) {
  if (::unlinkat(folder_.get(), name.c_str(), 0) == 0) {
    return true;
  }
  if (errno != ENOENT) {
    throw_errno("remove " + what(name), errno);
  }
  return false;
}

std::vector<std::string> LocalFolder::names() const {
  std::vector<std::string> names;
  static_cast<void>(::lseek(folder_.get(), 0, SEEK_SET)); // it may have been read before
  for_each_entry(folder_, tree_.what(path_),
                 [&](const dirent& entry) { names.emplace_back(entry.d_name); });
  return names;
}

void LocalFolder::remove_unfinished() {
  for (const auto& name : names()) {
    if (is_temporary_name(name)) {
      remove(name);
    }
  }
}

void LocalFolder::sync() {
  fsync_folder(folder_, tree_.what(path_));
}

} // namespace regctl
