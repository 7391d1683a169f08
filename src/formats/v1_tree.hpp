// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// A folder on disk out of which no path leads: each one is resolved beneath it (openat2), so that
/// a link to elsewhere is an error wherever it lies. Paths are relative, as in "images/ID/json".
/// Thread-safe.
class Tree {
public:
  /// Opens `folder`. Throws Error{not_found} or Error{local_io}, Error{unsupported} where the
  /// kernel has no openat2 (before Linux 5.6).
  explicit Tree(std::string folder);

  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

  /// The path as errors name it: "'/srv/registry/images/ID/json'".
  [[nodiscard]] std::string what(std::string_view path) const;

  struct File {
    FileDescriptor fd;
    std::uint64_t size_bytes = 0;
  };

  /// The regular file, or nothing if there is none. Throws Error{protocol} for what is neither file
  /// nor absent (a link that leads out, a pipe, a device), Error{local_io}.
  [[nodiscard]] std::optional<File> find_file(const std::string& path) const;

  /// The folder, or nothing. Throws like find_file().
  [[nodiscard]] std::optional<FileDescriptor> find_folder(const std::string& path) const;

  /// The whole of a small file, or nothing. Throws Error{protocol} past `limit_bytes`.
  [[nodiscard]] std::optional<std::string> read(const std::string& path,
                                                std::uint64_t limit_bytes) const;

  [[nodiscard]] bool has(const std::string& path) const;

  /// Files that are being written, or were when their writer was killed; their names begin with
  /// '.'.
  enum class Hidden { skip, show };

  /// Calls `on_entry` for each name in the folder, in no order, without "." and "..". Nothing if
  /// there is no such folder.
  void list(const std::string& path, const std::function<void(const std::string&)>& on_entry,
            Hidden hidden = Hidden::skip) const;

  /// The same for files alone that an AtomicFile left behind when its process was killed, or is
  /// writing now.
  void list_temporaries(const std::string& path,
                        const std::function<void(const std::string&)>& on_entry) const;

  /// Removes those. For who alone may write in the folder.
  void remove_temporary_files(const std::string& path) const;

  /// Opens the folder, making it and those above it if need be.
  [[nodiscard]] FileDescriptor make_folder(const std::string& path) const;

private:
  [[nodiscard]] FileDescriptor open_beneath(const std::string& path, int flags) const;

  std::string folder_;
  FileDescriptor root_;
};

} // namespace regctl
