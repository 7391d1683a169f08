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

/// The places of the files in a tar archive. Names have no leading "./"; links are resolved inside
/// the archive only. Immutable once made, hence thread-safe.
class ArchiveIndex {
public:
  struct File {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };

  /// Reads all headers of the tar in `file`; `what` names it in errors. Throws Error{protocol} if
  /// the tar is empty, truncated or not a tar, if a name is absolute, leads out ("..") or is longer
  /// than 4 KiB, or if there are more than k_entry_limit entries or k_names_limit_bytes of names.
  ArchiveIndex(std::shared_ptr<const FileDescriptor> file, std::uint64_t size_bytes,
               std::string what);

  /// Called before bytes are written to the spool, with the total including them; may throw.
  using OnKept = std::function<void(std::uint64_t kept_bytes)>;

  /// The same for a tar that can be read only once: copies its files to `spool`, an empty file for
  /// reading and writing; blocks of zeros become holes. Reads at most k_padding_limit_bytes behind
  /// the tar's end, so that trailing data costs nothing.
  ArchiveIndex(Source& stream, std::shared_ptr<const FileDescriptor> spool, std::string what,
               OnKept on_kept);

  [[nodiscard]] const std::string& what() const noexcept { return what_; }

  /// Throws Error{protocol} that names the archive and tells `why` it cannot be used.
  [[noreturn]] void refuse(const std::string& why) const;

  /// Whether the tar has an end mark; some writers leave it out.
  [[nodiscard]] bool has_end_mark() const noexcept { return has_end_mark_; }

  /// Whether there is a file or link with that name.
  [[nodiscard]] bool has(const std::string& name) const { return entries_.contains(name); }

  /// The file with that name; links are followed. Nothing if there is none. If a link's target does
  /// not exist, the only file with the same last part of the name is taken instead. Throws
  /// Error{protocol} for a link without a target (naming both ends), for a loop, and for a name
  /// that has several entries.
  [[nodiscard]] std::optional<File> find(const std::string& name) const;

  /// Every name that ends with `suffix`.
  [[nodiscard]] std::vector<std::string> names_ending_with(std::string_view suffix) const;

  [[nodiscard]] std::unique_ptr<Source> open(const File& file, const std::string& name) const {
    return open_as(file, what_ + ": " + name);
  }

  /// The same with a name for errors.
  [[nodiscard]] std::unique_ptr<Source> open_as(const File& file, std::string what) const;

  /// The content of a small file. Throws Error{protocol} if it is missing or over the document
  /// limit.
  [[nodiscard]] std::string read(const std::string& name) const;

  static constexpr std::size_t k_entry_limit = 1'000'000;
  static constexpr std::uint64_t k_read_limit_bytes = 2ULL * 1024 * 1024 * 1024; ///< of all read()
  static constexpr std::size_t k_names_limit_bytes = 128 * 1024 * 1024;          ///< held in memory
  static constexpr std::uint64_t k_padding_limit_bytes = 1024 * 1024;

private:
  struct Entry {
    File file;
    std::string link_target; ///< a name in the archive; empty for a file
    bool is_duplicate = false;
  };

  /// Returns the place where the data of an entry can be read later.
  using Place = std::function<File(const TarEntry& entry, Source& data)>;

  /// Returns the number of entries.
  std::size_t read_entries(std::unique_ptr<Source> tar, const Place& place);
  void read_entry(const TarEntry& entry, Source& data, const Place& place);
  void add(const std::string& name, Entry entry);
  /// Points each link whose target does not exist to the only file with the same last part of the
  /// name.
  void settle_links();
  [[noreturn]] void refuse_link(const std::string& link, const std::string& target) const;
  [[noreturn]] void refuse_empty(std::uint64_t size_bytes) const;

  std::shared_ptr<const FileDescriptor> file_; // shared with the sources it opened
  std::string what_;
  std::map<std::string, Entry> entries_;
  bool has_end_mark_ = false;
  std::shared_ptr<std::atomic<std::uint64_t>> read_bytes_ = // heap, so that this can be moved
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

/// "a/./b//c" → "a/b/c" and "./a" → "a"; ".." goes up. Nothing for a name that is absolute or leads
/// out.
std::optional<std::string> normal_name(std::string_view name);

} // namespace regctl
