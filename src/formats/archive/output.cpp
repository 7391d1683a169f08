// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/output.hpp"

#include <regctl/base/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace regctl {

namespace {

std::unique_ptr<Source> open_part(int fd, std::uint64_t offset, std::uint64_t size_bytes,
                                  std::string what) {
  auto copy = std::make_shared<FileDescriptor>(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!*copy) {
    throw_errno("read " + what, errno);
  }
  return make_range_source(std::move(copy), offset, size_bytes, std::move(what));
}

class FileOutput final : public ArchiveOutput {
public:
  explicit FileOutput(const std::string& path) : file_(path) {}
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    write_fully_at(file_.fd(), offset, bytes, file_.what());
  }
  [[nodiscard]] std::unique_ptr<Source> open(std::uint64_t offset, std::uint64_t size_bytes,
                                             std::string what) const override {
    return open_part(file_.fd(), offset, size_bytes, std::move(what));
  }
  void commit() override { file_.commit(); }

private:
  AtomicFile file_;
};

class DescriptorOutput final : public ArchiveOutput {
public:
  DescriptorOutput(FileDescriptor& file, std::string what) : file_(file), what_(std::move(what)) {}
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    write_fully_at(file_.get(), offset, bytes, what_);
  }
  [[nodiscard]] std::unique_ptr<Source> open(std::uint64_t offset, std::uint64_t size_bytes,
                                             std::string what) const override {
    return open_part(file_.get(), offset, size_bytes, std::move(what));
  }

private:
  FileDescriptor& file_; // owned by the caller, which reads it afterwards
  std::string what_;
};

class StreamOutput final : public ArchiveOutput {
public:
  void write_at(std::uint64_t, std::span<const std::byte> bytes) override {
    write_fully(STDOUT_FILENO, bytes, "the archive to stdout");
  }
  [[nodiscard]] bool is_positioned() const override { return false; }
  [[nodiscard]] std::unique_ptr<Source> open(std::uint64_t, std::uint64_t,
                                             std::string) const override {
    return nullptr;
  }
};

} // namespace

std::unique_ptr<ArchiveOutput> open_archive_output(const std::string& path) {
  if (path == "-") {
    return std::make_unique<StreamOutput>();
  }
  return std::make_unique<FileOutput>(path);
}

std::unique_ptr<ArchiveOutput> make_archive_output(FileDescriptor& file, std::string what) {
  return std::make_unique<DescriptorOutput>(file, std::move(what));
}

std::string archive_output_name(const std::string& path) {
  return path == "-" ? "the archive on stdout" : "'" + path + "'";
}

} // namespace regctl
