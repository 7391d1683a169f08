// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/index.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace regctl {

namespace {

constexpr std::size_t k_name_limit_bytes = 4096;
constexpr int k_most_links = 16;

std::string last_part(const std::string& name) {
  return std::string(split_path(name).name);
}

/// Appends to a temporary file and leaves holes for zeros, which take no room on the disk.
class SpoolSink final : public Sink {
public:
  /// `file` must outlive this.
  SpoolSink(const FileDescriptor& file, ArchiveIndex::OnKept on_kept)
      : file_(file), on_kept_(std::move(on_kept)) {}

  void write(std::span<const std::byte> bytes) override {
    if (!is_zero(bytes)) {
      kept_bytes_ += bytes.size();
      on_kept_(kept_bytes_);
      write_fully_at(file_.get(), end_, bytes, k_spool);
    }
    end_ += bytes.size();
  }

  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }

  /// Zeros at the end are part of the file too.
  void finish() {
    if (::ftruncate(file_.get(), static_cast<off_t>(end_)) != 0) {
      throw_errno(std::string("write ") + k_spool, errno);
    }
  }

private:
  static constexpr const char* k_spool = "a temporary file";

  const FileDescriptor& file_;
  ArchiveIndex::OnKept on_kept_;
  std::uint64_t end_ = 0;
  std::uint64_t kept_bytes_ = 0;
};

} // namespace

std::optional<std::string> normal_name(std::string_view name) {
  if (name.starts_with('/')) {
    return std::nullopt;
  }
  std::string result;
  while (!name.empty()) {
    const auto end = std::min(name.find('/'), name.size());
    const auto part = name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == "..") {
      if (result.empty()) {
        return std::nullopt;
      }
      result.resize(split_path(result).folder.size());
      continue;
    }
    result += (result.empty() ? "" : "/") + std::string(part);
  }
  return result;
}

ArchiveIndex::ArchiveIndex(std::shared_ptr<const FileDescriptor> file, std::uint64_t size_bytes,
                           std::string what)
    : file_(std::move(file)), what_(std::move(what)) {
  const auto place = [](const TarEntry& entry, Source&) {
    return File{entry.data_offset, entry.size_bytes};
  };
  if (read_entries(make_range_source(file_, 0, size_bytes, what_), place) == 0) {
    refuse_empty(size_bytes);
  }
}

ArchiveIndex::ArchiveIndex(Source& stream, std::shared_ptr<const FileDescriptor> spool,
                           std::string what, OnKept on_kept)
    : file_(std::move(spool)), what_(std::move(what)) {
  SpoolSink sink(*file_, std::move(on_kept));
  const auto place = [&](const TarEntry& entry, Source& data) {
    const File file{sink.end(), entry.size_bytes};
    pump(data, sink);
    return file;
  };
  std::uint64_t seen_bytes = 0;
  auto tar = make_tap_source(std::make_unique<BorrowedSource>(stream),
                             [&](std::span<const std::byte> bytes) { seen_bytes += bytes.size(); });
  if (read_entries(std::move(tar), place) == 0) {
    refuse_empty(seen_bytes);
  }
  sink.finish();
  stream.skip(
      k_padding_limit_bytes); // lets the writer of a pipe finish, and checks gzip's checksum
}

std::size_t ArchiveIndex::read_entries(std::unique_ptr<Source> tar, const Place& place) {
  TarReader reader(std::move(tar), what_);
  std::size_t count = 0;
  std::size_t name_bytes = 0;
  while (const auto entry = reader.next()) {
    if (++count > k_entry_limit) {
      throw Error(ErrorKind::protocol,
                  what_ + " has more than " + std::to_string(k_entry_limit) + " entries");
    }
    name_bytes += entry->name.size() + entry->link_name.size();
    if (name_bytes > k_names_limit_bytes) {
      throw Error(ErrorKind::protocol, what_ + " has entries whose names have more than " +
                                           std::to_string(k_names_limit_bytes) + " bytes together");
    }
    read_entry(*entry, reader.data(), place);
  }
  has_end_mark_ = reader.has_end_mark();
  settle_links();
  return count;
}

void ArchiveIndex::refuse_empty(std::uint64_t size_bytes) const {
  if (size_bytes == 0) {
    throw Error(ErrorKind::protocol, what_ + " is empty", "did the command that writes it fail?");
  }
  throw Error(ErrorKind::protocol, what_ + " is a tar file without a single entry",
              "an archive of images is wanted, as 'docker save' and skopeo write them");
}

void ArchiveIndex::read_entry(const TarEntry& entry, Source& data, const Place& place) {
  if (entry.name.size() > k_name_limit_bytes || entry.link_name.size() > k_name_limit_bytes) {
    throw Error(ErrorKind::protocol, what_ + " has an entry whose name is longer than " +
                                         std::to_string(k_name_limit_bytes) + " bytes");
  }
  const auto name = normal_name(entry.name);
  // Docker writes no such names: they are attempts to write outside of the folder.
  if (!name || entry.name.find("..") != std::string::npos) {
    throw Error(ErrorKind::protocol,
                what_ + ": the entry " + json_quote(entry.name) + " leads out of the archive");
  }
  if (entry.type == '0') {
    // If two files have the same name, neither is read.
    add(*name, {entries_.contains(*name) ? File{} : place(entry, data), "", false});
  } else if (entry.type == '1' || entry.type == '2') {
    // The target of a symbolic link is relative to its folder, that of a hard link to the root.
    const auto folder = std::string(entry.type == '2' ? split_path(*name).folder : "");
    const auto target = normal_name(folder + (folder.empty() ? "" : "/") + entry.link_name);
    if (!target || entry.link_name.starts_with('/')) {
      throw Error(ErrorKind::protocol, what_ + ": the link " + json_quote(entry.name) + " to " +
                                           json_quote(entry.link_name) +
                                           " leads out of the archive");
    }
    add(*name, {{}, *target, false});
  }
}

void ArchiveIndex::add(const std::string& name, Entry entry) {
  const auto [known, is_new] = entries_.try_emplace(name, entry);
  if (!is_new) {
    known->second.is_duplicate = true;
  }
}

std::optional<ArchiveIndex::File> ArchiveIndex::find(const std::string& name) const {
  auto wanted = name;
  for (int links = 0; links <= k_most_links; ++links) {
    const auto found = entries_.find(wanted);
    if (found == entries_.end()) {
      return std::nullopt;
    }
    if (found->second.is_duplicate) {
      throw Error(ErrorKind::protocol,
                  what_ + " has two entries named " + json_quote(wanted) + "; which one is meant?");
    }
    if (found->second.link_target.empty()) {
      return found->second.file;
    }
    if (!has(found->second.link_target)) {
      refuse_link(wanted, found->second.link_target);
    }
    wanted = found->second.link_target;
  }
  throw Error(ErrorKind::protocol, what_ + ": the links at " + json_quote(name) + " form a loop");
}

void ArchiveIndex::settle_links() {
  const auto is_broken = [&](const Entry& entry) {
    return !entry.link_target.empty() && !has(entry.link_target);
  };
  std::map<std::string, std::vector<std::string>> files; // by a broken target's last part
  for (const auto& [name, entry] : entries_) {
    if (is_broken(entry)) {
      files[last_part(entry.link_target)];
    }
  }
  if (files.empty()) {
    return;
  }
  for (const auto& [name, entry] : entries_) {
    if (const auto wanted = files.find(last_part(name));
        wanted != files.end() && entry.link_target.empty()) {
      wanted->second.push_back(name);
    }
  }
  for (auto& [name, entry] : entries_) {
    if (is_broken(entry) && files[last_part(entry.link_target)].size() == 1) {
      entry.link_target = files[last_part(entry.link_target)].front();
    }
  }
}

void ArchiveIndex::refuse_link(const std::string& link, const std::string& target) const {
  throw Error(ErrorKind::protocol, what_ + ": the link " + json_quote(link) + " leads to " +
                                       json_quote(target) + ", which is not in the archive");
}

void ArchiveIndex::refuse(const std::string& why) const {
  throw Error(ErrorKind::protocol, what_ + ": " + why);
}

std::vector<std::string> ArchiveIndex::names_ending_with(std::string_view suffix) const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (name.ends_with(suffix)) {
      names.push_back(name);
    }
  }
  return names;
}

std::unique_ptr<Source> ArchiveIndex::open_as(const File& file, std::string what) const {
  return make_range_source(file_, file.offset, file.size_bytes, std::move(what));
}

std::string ArchiveIndex::read(const std::string& name) const {
  const auto file = find(name);
  if (!file) {
    throw Error(ErrorKind::protocol, what_ + " has no " + json_quote(name));
  }
  auto text = read_text(*open(*file, name), k_document_limit_bytes, what_ + ": " + name);
  if (read_bytes_->fetch_add(text.size()) > k_read_limit_bytes) {
    throw Error(ErrorKind::protocol, what_ + " names its documents so often that more than " +
                                         std::to_string(k_read_limit_bytes) +
                                         " bytes of them would be read");
  }
  return text;
}

} // namespace regctl
