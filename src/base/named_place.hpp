// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <filesystem>
#include <string>

namespace regctl {

/// Where a file is that a user named: in an open folder, whatever becomes of that folder's name.
struct NamedPlace {
  FileDescriptor folder; ///< with O_PATH; closed where the way to it is not there, with errno set
  std::string name;      ///< no link when it was looked at; may be absent
  bool is_kernels_link =
      false; ///< in /proc, where only the kernel can follow: /dev/stdout, /dev/fd/3

  /// openat() of it; closed with errno set if it cannot be opened.
  [[nodiscard]] FileDescriptor open(int flags, unsigned mode = 0) const;
};

/// Follows `path` link by link. Throws Error{local_io} for a link that another user put into a
/// folder in which everybody can put something, such as /tmp: what the kernel's protected_symlinks
/// does where it is on, for every part of the path. Source: may_follow_link() of Linux 6.1.
NamedPlace find_place(const std::filesystem::path& path);

/// Throws Error{local_io} if the file `fd`, which was found in `folder`, was put there by another
/// user and everybody could. Source: may_create_in_sticky() of Linux 6.1 (protected_regular,
/// protected_fifos), here also for devices.
void check_not_planted(const FileDescriptor& folder, const FileDescriptor& fd,
                       const std::string& what);

} // namespace regctl
