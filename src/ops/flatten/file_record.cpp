// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/file_record.hpp"

#include <algorithm>

namespace regctl::ops {

namespace {

constexpr std::string_view k_key_end("\0\0", 2);
constexpr int k_number_bytes = 8;

} // namespace

std::string to_key(std::string_view path) {
  std::string key(path);
  std::replace(key.begin(), key.end(), '/', '\0');
  return key;
}

std::string to_path(std::string_view key) {
  std::string path(key);
  std::replace(path.begin(), path.end(), '\0', '/');
  return path;
}

RecordText::RecordText(std::string_view key, RecordKind kind) : bytes_(key) {
  bytes_ += k_key_end;
  bytes_ += static_cast<char>(kind);
}

RecordText& RecordText::number(std::uint64_t value) {
  for (int i = k_number_bytes - 1; i >= 0; --i) {
    bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  return *this;
}

RecordText& RecordText::place(const EntryPlace& place) {
  return number(place.layer).number(place.position);
}

RecordText& RecordText::text(std::string_view text) {
  number(text.size());
  bytes_ += text;
  return *this;
}

RecordText& RecordText::key(std::string_view key) {
  bytes_ += key;
  bytes_ += k_key_end;
  return *this;
}

RecordText& RecordText::letter(char letter) {
  bytes_ += letter;
  return *this;
}

RecordText& RecordText::rest(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

RecordText& RecordText::entry(const FileEntry& entry) {
  const auto signed_number = [&](std::int64_t value) { number(static_cast<std::uint64_t>(value)); };
  letter(entry.type).text(entry.link);
  if (entry.type == '1') {
    return *this;
  }
  signed_number(entry.mode);
  signed_number(entry.uid);
  signed_number(entry.gid);
  signed_number(entry.device_major);
  signed_number(entry.device_minor);
  number(entry.size_bytes).text(entry.mtime).text(entry.digest);
  for (const auto& [name, value] : entry.xattrs) {
    text(name).text(value);
  }
  return *this;
}

RecordParts::RecordParts(std::string_view record) {
  const auto end = record.find(k_key_end);
  key_ = record.substr(0, end);
  kind_ = static_cast<RecordKind>(record[end + k_key_end.size()]);
  rest_ = record.substr(end + k_key_end.size() + 1);
}

std::uint64_t RecordParts::number() {
  std::uint64_t value = 0;
  for (int i = 0; i < k_number_bytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
  }
  rest_.remove_prefix(k_number_bytes);
  return value;
}

EntryPlace RecordParts::place() {
  const auto layer = static_cast<LayerNumber>(number());
  return {layer, number()};
}

std::string_view RecordParts::text() {
  const auto size = static_cast<std::size_t>(number());
  const auto text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return text;
}

std::string_view RecordParts::next_key() {
  const auto end = rest_.find(k_key_end);
  const auto key = rest_.substr(0, end);
  rest_.remove_prefix(end + k_key_end.size());
  return key;
}

char RecordParts::letter() {
  const auto letter = rest_.front();
  rest_.remove_prefix(1);
  return letter;
}

FileEntry RecordParts::entry(std::string path) {
  const auto signed_number = [&] { return static_cast<std::int64_t>(number()); };
  FileEntry entry;
  entry.path = std::move(path);
  entry.type = letter();
  entry.link = text();
  if (entry.type == '1') {
    return entry;
  }
  entry.mode = signed_number();
  entry.uid = signed_number();
  entry.gid = signed_number();
  entry.device_major = signed_number();
  entry.device_minor = signed_number();
  entry.size_bytes = number();
  entry.mtime = text();
  entry.digest = text();
  while (!rest_.empty()) {
    const auto name = text();
    entry.xattrs.emplace(name, text());
  }
  return entry;
}

} // namespace regctl::ops
