// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace regctl {

/// One entry of a tar file, with the fields as they stand in its header. (libarchive's reader
/// normalises modes and types, but tarsum is computed over the written ones.) Long names and sizes
/// from GNU and PAX headers are already applied.
struct TarEntry {
  std::string name;      ///< as written, with "./" or a final "/" if it has one
  std::string link_name; ///< target of a hard or symbolic link
  char type = '0'; ///< '0' file ('\0' is read as '0'), '1' hard link, '2' symlink, '5' folder …
  std::uint64_t size_bytes = 0; ///< of the data that follows; 0 for links and folders
  std::int64_t mode = 0;        ///< raw, may hold file type bits
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t mtime_s = 0; ///< seconds since 1970
  std::string user_name;
  std::string group_name;
  std::int64_t device_major = 0;
  std::int64_t device_minor = 0;
  std::uint64_t data_offset = 0; ///< position of the data's first byte in the tar stream
};

/// What a PAX header says of one entry, by keyword: also what a TarEntry has no field for, as
/// "SCHILY.xattr.security.capability" and times with fractions.
using TarExtensions = std::map<std::string, std::string>;

/// Whether the entry is a file with holes in one of GNU's forms: its data are not the file's bytes.
bool is_sparse(const TarEntry& entry, const TarExtensions& extensions);

/// Reads a tar stream (ustar, GNU, PAX, old v7), forward only. Memory is bounded by
/// `k_tar_name_limit_bytes`. Throws Error{protocol} "WHAT: …" for a bad checksum, a malformed
/// number, a truncated entry, or an extended header over the limit. A missing end mark is an error
/// too, unless the stream ends exactly after an entry. Not thread-safe.
class TarReader {
public:
  TarReader(std::unique_ptr<Source> source, std::string what);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  /// The next entry, or nothing at the end. Skips unread data of the current entry.
  std::optional<TarEntry> next();

  /// The current entry's data, size_bytes bytes. Valid until the next call of next().
  Source& data();

  /// What the PAX header of the current entry says; empty if it has none. Valid until the next call
  /// of next().
  [[nodiscard]] const TarExtensions& extensions() const noexcept;

  /// Whether the zero block that ends an archive has been read. It is missing in a truncated
  /// archive, but some writers leave it out too.
  [[nodiscard]] bool has_end_mark() const noexcept;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The limit for one PAX or GNU extended header.
inline constexpr std::uint64_t k_tar_name_limit_bytes = 1024 * 1024;

/// A file of a deterministic tar stream, written by the functions below: owner 0, mode 0755 or
/// 0644, the given time. The format is ustar; only names over 100 bytes and files over 8 GiB get a
/// PAX header. The number of bytes depends on names and sizes alone, so that
/// positions can be computed ahead. (libarchive's writer buffers into 10 KiB blocks, which rules
/// that out.)
struct TarFile {
  std::string name; ///< ends with "/" for a folder
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_s = 0;
};

/// The header block or blocks of `file`. Its data and tar_padding_bytes() zero bytes follow.
std::string make_tar_header(const TarFile& file);

/// The header block or blocks of an entry as TarReader reads it: parse and print give the same
/// entry and the same extensions. What does not fit into ustar's fields gets a PAX record.
std::string make_tar_header(const TarEntry& entry, const TarExtensions& extensions);

/// How many zero bytes follow data of this size, 0 to 511.
std::size_t tar_padding_bytes(std::uint64_t size_bytes) noexcept;

/// The two zero blocks at the end of an archive.
std::string make_tar_end();

} // namespace regctl
