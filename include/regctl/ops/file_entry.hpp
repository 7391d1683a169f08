// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// One name in the file system of an image, with all that distinguishes it. A value type.
///
/// Of several hard links of one file, the first name in the order of the listing is the file, and
/// the others are links to it, whatever the layers say: file systems that look alike are equal.
struct FileEntry {
  std::string path;      ///< without slashes at its ends; "" is the root
  char type = '0';       ///< as in a tar: '0' file, '1' hard link, '2' symlink, '5' folder …
  std::int64_t mode = 0; ///< permissions, with set-user-ID, set-group-ID and sticky bit
  std::int64_t uid = 0;  ///< all from here on are not set for a hard link
  std::int64_t gid = 0;
  std::string mtime;             ///< seconds since 1970, with the fraction where there is one
  std::string link;              ///< target of a symlink; the first name of a hard link
  std::int64_t device_major = 0; ///< of devices
  std::int64_t device_minor = 0;
  std::uint64_t size_bytes = 0;
  std::string digest; ///< of a file: 64 hex digits of the SHA-256 of its bytes
  std::map<std::string, std::string> xattrs; ///< extended attributes: names, and hex sums of values

  bool operator==(const FileEntry&) const = default;
};

/// "file", "hard link", "symlink", "character device", "block device", "folder", "pipe".
std::string_view type_name(char type) noexcept;

/// An attribute of an entry that two entries of one path do not have alike.
struct FileChange {
  std::string what; ///< "type", "target", "mode", "owner", "time", "device", "size", "content", or
                    ///< "xattr NAME"
  std::string a;    ///< as text: "0644", "1000:1000", a hex sum; empty where there is none
  std::string b;
};

/// The attributes that differ; where the types do, only that. Empty for equal entries. Of an entry
/// that the other image does not have (null), all attributes.
std::vector<FileChange> compare(const FileEntry* a, const FileEntry* b);

} // namespace regctl::ops
