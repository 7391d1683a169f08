// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <filesystem>
#include <string>

namespace regctl {

/// A file that a user named, as an open folder and a name in it. It stays the same file if the
/// folder is renamed.
struct NamedPlace {
  FileDescriptor folder; ///< with O_PATH; closed, with errno set, if a folder on the way is missing
  std::string name;      ///< not a link when it was looked up; may be absent
  bool is_kernels_link =
      false; ///< in /proc, where only the kernel can follow: /dev/stdout, /dev/fd/3

  /// openat() of the file. The result is closed, with errno set, if it cannot be opened.
  [[nodiscard]] FileDescriptor open(int flags, unsigned mode = 0) const;
};

/// Follows `path` link by link. Throws Error{local_io} for a link that another user put into a
/// folder that every user can write to, such as /tmp. Applies the kernel's rule protected_symlinks
/// to every part of the path, even where the kernel has it off. Source: may_follow_link() of Linux
/// 6.1.
NamedPlace find_place(const std::filesystem::path& path);

/// Throws Error{local_io} if the file `fd` lies in a `folder` that every user can write to and
/// belongs to another user. Source: may_create_in_sticky() of Linux 6.1 (protected_regular,
/// protected_fifos), here also for devices.
void check_not_planted(const FileDescriptor& folder, const FileDescriptor& fd,
                       const std::string& what);

} // namespace regctl
