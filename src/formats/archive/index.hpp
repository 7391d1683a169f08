// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/base/tar.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// Where the files of a tar archive lie: names without "./", links resolved inside the archive and
/// never outside. Immutable once made, hence thread-safe.
class ArchiveIndex {
public:
  struct File {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };

  /// Reads all headers of the tar in `file`, of which `what` is the name in errors. Throws
  /// Error{protocol} for what is empty, is no tar, is cut, or has names that are absolute, lead out
  /// ("..") or are longer than 4 KiB, and for more than k_entry_limit entries or
  /// k_names_limit_bytes of their names.
  ArchiveIndex(std::shared_ptr<const FileDescriptor> file, std::uint64_t size_bytes,
               std::string what);

  /// Called before bytes are kept, with how many those and all before them take; may throw.
  using OnKept = std::function<void(std::uint64_t kept_bytes)>;

  /// The same for a tar that can be read only once: keeps its files in `spool`, a file for reading
  /// and writing that is empty, and nothing else; zeros become holes. Reads no further than
  /// k_padding_limit_bytes behind the tar's end, so that what follows costs nothing.
  ArchiveIndex(Source& stream, std::shared_ptr<const FileDescriptor> spool, std::string what,
               OnKept on_kept);

  [[nodiscard]] const std::string& what() const noexcept { return what_; }

  /// Whether the tar ends as one that was written to its end; some writers leave that out.
  [[nodiscard]] bool has_end_mark() const noexcept { return has_end_mark_; }

  /// Whether there is a file or link of that name.
  [[nodiscard]] bool has(const std::string& name) const { return entries_.contains(name); }

  /// The file of that name, through links. Nothing if there is none. Where a link's target is not
  /// where the link says, it is the only file whose name has the same last part. Throws
  /// Error{protocol} for a link without a target and for a loop, naming both ends, and for a name
  /// that stands twice with different places.
  [[nodiscard]] std::optional<File> find(const std::string& name) const;

  /// Every name that ends with `suffix`.
  [[nodiscard]] std::vector<std::string> names_ending_with(std::string_view suffix) const;

  [[nodiscard]] std::unique_ptr<Source> open(const File& file, const std::string& name) const;

  /// A small file as text. Throws Error{protocol} if it is missing or over the document limit.
  [[nodiscard]] std::string read(const std::string& name) const;

  static constexpr std::size_t k_entry_limit = 1'000'000;
  static constexpr std::uint64_t k_read_limit_bytes = 2ULL * 1024 * 1024 * 1024; ///< by read()
  static constexpr std::size_t k_names_limit_bytes = 128 * 1024 * 1024; ///< all names are kept
  static constexpr std::uint64_t k_padding_limit_bytes = 1024 * 1024;

private:
  struct Entry {
    File file;
    std::string link_target; ///< a name in the archive; empty for a file
    bool is_duplicate = false;
  };

  /// Tells where the data of an entry will be found.
  using Place = std::function<File(const TarEntry& entry, Source& data)>;

  /// Returns their number.
  std::size_t read_entries(std::unique_ptr<Source> tar, const Place& place);
  void read_entry(const TarEntry& entry, Source& data, const Place& place);
  void add(const std::string& name, Entry entry);
  /// Links whose target is not where they say lead to the only file of that last part.
  void settle_links();
  [[noreturn]] void refuse_link(const std::string& link, const std::string& target) const;
  [[noreturn]] void refuse_empty(std::uint64_t size_bytes) const;

  std::shared_ptr<const FileDescriptor> file_; // shared with the sources it opened
  std::string what_;
  std::map<std::string, Entry> entries_;
  bool has_end_mark_ = false;
  std::shared_ptr<std::atomic<std::uint64_t>> read_bytes_ = // apart, so that an index can be moved
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

/// "a/./b//c" → "a/b/c" and "./a" → "a"; ".." goes up. Nothing if it is absolute or leads out.
std::optional<std::string> normal_name(std::string_view name);

} // namespace regctl
