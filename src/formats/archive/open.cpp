// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/open.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace regctl {

namespace {

std::uint64_t size_of(const FileDescriptor& file, const std::string& what) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    throw_errno("read " + what, errno);
  }
  return static_cast<std::uint64_t>(status.st_size);
}

/// Stops a decompression bomb from filling the disk. Real images unpack to about three times their
/// size; zeros do not count, because they are not stored.
void refuse_bomb(std::uint64_t kept_bytes, std::uint64_t packed_bytes, const std::string& what) {
  constexpr std::uint64_t k_harmless_bytes = 256 * 1024 * 1024;
  constexpr std::uint64_t k_most_times = 200;
  if (kept_bytes > k_harmless_bytes && kept_bytes / k_most_times > packed_bytes) {
    throw Error(ErrorKind::protocol,
                what + " unpacks to more than " + std::to_string(k_most_times) +
                    " times its size, as is made to fill disks",
                "if you trust it, unpack it first and name the tar file");
  }
}

bool is_plain_file(const FileDescriptor& file) {
  struct stat status = {};
  return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::lseek(file.get(), 0, SEEK_CUR) == 0;
}

Compression compression_of(const FileDescriptor& file) {
  std::array<std::byte, 6> head{};
  const auto n = ::pread(file.get(), head.data(), head.size(), 0);
  return detect_compression(std::span(head).first(static_cast<std::size_t>(n < 0 ? 0 : n)));
}

} // namespace

ArchiveIndex open_archive(const std::string& path) {
  const bool is_stdin = path == "-";
  const auto what = is_stdin ? "the archive on stdin" : "'" + path + "'";
  FileDescriptor file =
      is_stdin ? FileDescriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) : open_for_reading(path);
  if (is_plain_file(file) && compression_of(file) == Compression::none) {
    const auto size = size_of(file, what);
    return ArchiveIndex(std::make_shared<FileDescriptor>(std::move(file)), size, what);
  }
  return read_archive(make_fd_source(std::move(file), what), what);
}

ArchiveIndex read_archive(std::unique_ptr<Source> source, std::string what) {
  std::uint64_t packed_bytes = 0;
  const auto unpacked = make_decompressed_source(
      make_tap_source(std::move(source),
                      [&](std::span<const std::byte> bytes) { packed_bytes += bytes.size(); }),
      what);
  const auto check = [&](std::uint64_t kept_bytes) { refuse_bomb(kept_bytes, packed_bytes, what); };
  return ArchiveIndex(*unpacked, std::make_shared<FileDescriptor>(make_temporary_file()), what,
                      check);
}

} // namespace regctl
