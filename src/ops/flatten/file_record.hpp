// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/flatten/seen_paths.hpp"

#include <regctl/ops/file_entry.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace regctl::ops {

// The records by which the files of layers and images are sorted: KEY, two zero bytes, a letter for
// the kind, and the rest. Names in a key are separated by a zero byte, so that a folder comes right
// before what is in it.

enum class RecordKind : char {
  shown = 'A',    ///< an entry of the image: EntryPlace, entry
  entry = 'E',    ///< of a layer: '1' for AUFS' own else '0', position in the layer, entry
  file = 'F',     ///< an entry that replaces `shown`: entry
  group = 'G',    ///< a hard link of this path: EntryPlace of the file, key of the link, file
  implied = 'I',  ///< a layer has something below this path
  opaque = 'O',   ///< a layer removes all below this path
  resolved = 'R', ///< the hard link of this path at EntryPlace is file: EntryPlace, key, file
  whiteout = 'W', ///< a layer removes this path
  wanted = 'Z',   ///< a hard link to this path: position in the layer, path of the link
};

/// Where an entry stands: in which layer, and as which one of it.
struct EntryPlace {
  LayerNumber layer = 0;
  std::uint64_t position = 0;
  auto operator<=>(const EntryPlace&) const = default;
};

/// "a/b" as a key.
std::string to_key(std::string_view path);
std::string to_path(std::string_view key);

/// Puts a record together, part by part. What is written is read by RecordParts in that order.
class RecordText {
public:
  RecordText(std::string_view key, RecordKind kind);
  RecordText& number(std::uint64_t value); ///< sorts as numbers do
  RecordText& place(const EntryPlace& place);
  RecordText& text(std::string_view text);
  RecordText& key(std::string_view key); ///< sorts as keys do
  RecordText& letter(char letter);
  RecordText& entry(const FileEntry& entry); ///< without its path
  RecordText& rest(std::string_view bytes);

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
  std::string bytes_;
};

/// The parts of a record. It must outlive this.
class RecordParts {
public:
  explicit RecordParts(std::string_view record);

  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  [[nodiscard]] RecordKind kind() const noexcept { return kind_; }

  std::uint64_t number();
  EntryPlace place();
  std::string_view text();
  std::string_view next_key();
  char letter();
  /// All that follows, as an entry of the given path.
  [[nodiscard]] FileEntry entry(std::string path);
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
  std::string_view key_;
  RecordKind kind_ = RecordKind::entry;
  std::string_view rest_;
};

} // namespace regctl::ops
