// SPDX-License-Identifier: Apache-2.0
#include "base/tar_header.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace regctl {

namespace {

constexpr std::int64_t k_largest_octal_7 = 07777777;
constexpr std::int64_t k_largest_octal_11 = 077777777777;
constexpr std::size_t k_name_bytes = 100;
constexpr std::size_t k_owner_name_bytes = 31; // a zero byte ends it

void put(std::string& block, std::size_t offset, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(offset));
}

void put_octal(std::string& block, std::size_t offset, int digits, std::uint64_t value) {
  std::array<char, 24> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%0*llo", digits,
                                  static_cast<unsigned long long>(value)));
  put(block, offset, text.data());
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const auto body = " " + std::string(key) + "=" + std::string(value) + "\n";
  auto length = body.size();
  while (std::to_string(length).size() + body.size() != length) {
    length = std::to_string(length).size() + body.size();
  }
  return std::to_string(length) + body;
}

/// The header block of an entry, with what did not fit into it left out and put into `records`.
class HeaderBlock {
public:
  explicit HeaderBlock(TarExtensions& records) : records_(records) {}

  void add_text(std::size_t offset, std::size_t size, const char* keyword,
                const std::string& value) {
    put(block_, offset, std::string_view(value).substr(0, size));
    record(keyword, value, value.size() <= size);
  }

  void add_number(std::size_t offset, int digits, const char* keyword, std::int64_t value) {
    const auto largest = digits == 7 ? k_largest_octal_7 : k_largest_octal_11;
    const bool fits = value >= 0 && value <= largest;
    put_octal(block_, offset, digits, fits ? static_cast<std::uint64_t>(value) : 0);
    record(keyword, std::to_string(value), fits);
  }

  /// With its sum, as one block.
  std::string finish(char type) {
    block_[156] = type;
    put(block_, 257, std::string_view("ustar\00000", 8));
    put(block_, 148, "        ");
    std::uint64_t sum = 0;
    for (const char c : block_) {
      sum += static_cast<unsigned char>(c);
    }
    put_octal(block_, 148, 6, sum);
    block_[154] = '\0';
    return std::move(block_);
  }

private:
  void record(const char* keyword, const std::string& value, bool fits) {
    if (!fits) {
      records_[keyword] = value;
    }
  }

  TarExtensions& records_;
  std::string block_ = std::string(k_tar_block_bytes, '\0');
};

std::string pax_header(const TarExtensions& extensions) {
  std::string records;
  for (const auto& [keyword, value] : extensions) {
    records += pax_record(keyword, value);
  }
  TarExtensions none;
  HeaderBlock block(none);
  block.add_text(0, k_name_bytes, "path", "PaxHeader");
  for (const std::size_t offset : {100U, 108U, 116U}) {
    block.add_number(offset, 7, "", offset == 100 ? 0644 : 0);
  }
  block.add_number(124, 11, "size", static_cast<std::int64_t>(records.size()));
  block.add_number(136, 11, "mtime", 0);
  const auto padding = tar_padding_bytes(records.size());
  return block.finish('x') + records + std::string(padding, '\0');
}

} // namespace

std::string make_tar_header(const TarEntry& entry, const TarExtensions& extensions) {
  // What the fields say is written from the fields; a fraction of the time is known to the
  // extensions alone.
  auto records = extensions;
  for (const char* keyword : {"path", "linkpath", "size", "uid", "gid", "uname", "gname"}) {
    records.erase(keyword);
  }
  HeaderBlock block(records);
  block.add_text(0, k_name_bytes, "path", entry.name);
  block.add_number(100, 7, "mode", entry.mode & k_largest_octal_7);
  block.add_number(108, 7, "uid", entry.uid);
  block.add_number(116, 7, "gid", entry.gid);
  block.add_number(124, 11, "size", static_cast<std::int64_t>(entry.size_bytes));
  auto time = records.find("mtime");
  const auto fraction = time == records.end() ? std::string() : time->second;
  block.add_number(136, 11, "mtime", entry.mtime_s);
  if (!fraction.empty()) {
    records["mtime"] = fraction;
  }
  block.add_text(157, k_name_bytes, "linkpath", entry.link_name);
  block.add_text(265, k_owner_name_bytes, "uname", entry.user_name);
  block.add_text(297, k_owner_name_bytes, "gname", entry.group_name);
  if (entry.type == '3' || entry.type == '4') {
    block.add_number(329, 7, "SCHILY.devmajor", entry.device_major);
    block.add_number(337, 7, "SCHILY.devminor", entry.device_minor);
  }
  auto header = block.finish(entry.type);
  return records.empty() ? header : pax_header(records) + header;
}

std::string make_tar_header(const TarFile& file) {
  TarEntry entry;
  entry.name = file.name;
  entry.type = file.name.ends_with('/') ? '5' : '0';
  entry.mode = entry.type == '5' ? 0755 : 0644;
  entry.size_bytes = file.size_bytes;
  entry.mtime_s = std::clamp<std::int64_t>(file.mtime_s, 0, k_largest_octal_11);
  return make_tar_header(entry, {});
}

std::size_t tar_padding_bytes(std::uint64_t size_bytes) noexcept {
  return static_cast<std::size_t>((k_tar_block_bytes - size_bytes % k_tar_block_bytes) %
                                  k_tar_block_bytes);
}

std::string make_tar_end() {
  return std::string(2 * k_tar_block_bytes, '\0');
}

} // namespace regctl
