// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/objects/bucket.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace regctl::objects {

/// All files of a tree, as listings of its bucket gave them: some 40 bytes a file, and its folder's
/// path once. Files are added first, by several threads; then it is only read.
class FileListing {
public:
  /// Adds the object of the file at `path`.
  void add(std::string_view path, const ObjectInfo& object);

  /// Whether there is a file in this folder or below it.
  [[nodiscard]] bool has_folder(const std::string& folder) const;

  /// Calls `on_file` with the name of each file in this folder, and its object without the key.
  void for_each_file(
      const std::string& folder,
      const std::function<void(const std::string& name, const ObjectInfo& object)>& on_file) const;

  /// Calls `on_name` for each folder in this folder.
  void for_each_folder(const std::string& folder,
                       const std::function<void(const std::string& name)>& on_name) const;

private:
  struct File {
    std::uint32_t name = 0; ///< its place in names_
    std::uint32_t etag_parts = 0;
    std::uint64_t size_bytes = 0;
    std::int64_t changed_s = 0; ///< since 1970
    std::array<std::uint8_t, 16> etag{};
  };
  /// Orders paths so that all below a folder follow it at once: '/' comes before all other bytes.
  struct PathOrder {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept;
  };
  using Folders = std::map<std::string, std::vector<File>, PathOrder>;

  std::uint32_t intern(std::string_view name);
  static void pack_etag(const std::string& etag, File& file);
  static std::string etag_of(const File& file);

  std::mutex adding_;
  Folders folders_; ///< those with files, by their paths
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint32_t> places_; ///< in names_
};

} // namespace regctl::objects
