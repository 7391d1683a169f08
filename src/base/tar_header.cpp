// SPDX-License-Identifier: Apache-2.0
#include "base/tar_header.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace regctl {

namespace {

/// A field of the ustar header: where it is and how long.
struct Field {
  std::size_t offset;
  std::size_t size;
};

constexpr Field k_name = {0, 100};
constexpr Field k_mode = {100, 8};
constexpr Field k_uid = {108, 8};
constexpr Field k_gid = {116, 8};
constexpr Field k_size = {124, 12};
constexpr Field k_mtime = {136, 12};
constexpr Field k_checksum = {148, 8};
constexpr Field k_type = {156, 1};
constexpr Field k_link_name = {157, 100};
constexpr Field k_magic = {257, 6};
constexpr Field k_user_name = {265, 32};
constexpr Field k_group_name = {297, 32};
constexpr Field k_device_major = {329, 8};
constexpr Field k_device_minor = {337, 8};
constexpr Field k_prefix = {345, 155};

std::string_view raw(const TarBlock& block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.offset, field.size};
}

std::string text(const TarBlock& block, Field field) {
  const auto bytes = raw(block, field);
  return std::string(bytes.substr(0, bytes.find('\0')));
}

[[noreturn]] void bad(const std::string& what, const std::string& why) {
  throw Error(ErrorKind::protocol, what + ": " + why);
}

/// GNU's form of a number that does not fit in octal: the first bit set, then big-endian two's
/// complement.
std::int64_t binary_number(std::string_view bytes, const std::string& what) {
  const bool negative = (static_cast<unsigned char>(bytes.front()) & 0x40) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  const std::uint64_t fill = negative ? 0xff : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto byte = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]));
    if (i == 0) {
      byte = negative ? byte | 0x80 : byte & 0x7f;
    }
    if (value >> 56 != fill) {
      bad(what, "a tar header has a number that is too large");
    }
    value = value << 8 | byte;
  }
  return static_cast<std::int64_t>(value);
}

/// The number in a field; nothing for malformed text.
std::optional<std::int64_t> find_number(const TarBlock& block, Field field,
                                        const std::string& what) {
  auto bytes = raw(block, field);
  if ((static_cast<unsigned char>(bytes.front()) & 0x80) != 0) {
    return binary_number(bytes, what);
  }
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \0"), bytes.size()));
  bytes = bytes.substr(0, bytes.find_first_of(std::string_view(" \0", 2)));
  if (bytes.empty()) {
    return 0; // old tars leave unused fields empty
  }
  constexpr int k_octal = 8;
  return parse_whole_number<std::int64_t>(bytes, k_octal);
}

std::int64_t number(const TarBlock& block, Field field, const std::string& what) {
  if (const auto value = find_number(block, field, what)) {
    return *value;
  }
  bad(what, "a tar header has a number that is none");
}

/// Checks the sum of the header's bytes, taken with spaces in the checksum field. Some old tars
/// summed signed bytes.
void check_sum(const TarBlock& block, const std::string& what) {
  std::int64_t as_unsigned = 0;
  std::int64_t as_signed = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool in_field = i >= k_checksum.offset && i < k_checksum.offset + k_checksum.size;
    const auto byte =
        in_field ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
    as_unsigned += byte;
    as_signed += static_cast<signed char>(byte);
  }
  const auto written = find_number(block, k_checksum, what);
  if (written != as_unsigned && written != as_signed) {
    bad(what, "is not a tar file, or a header in it is damaged (checksum)");
  }
}

bool has_data(char type) noexcept {
  // Links, devices, folders and pipes have no data, even if their size field is not 0.
  return type < '1' || type > '6';
}

} // namespace

TarEntry parse_tar_header(const TarBlock& block, const std::string& what) {
  check_sum(block, what);
  TarEntry entry;
  entry.type = raw(block, k_type).front();
  entry.name = text(block, k_name);
  entry.link_name = text(block, k_link_name);
  entry.mode = number(block, k_mode, what);
  entry.uid = number(block, k_uid, what);
  entry.gid = number(block, k_gid, what);
  entry.mtime_s = number(block, k_mtime, what);
  const auto size = number(block, k_size, what);
  if (size < 0) {
    bad(what, "a tar header has a negative size");
  }
  const auto magic = raw(block, k_magic);
  if (magic.starts_with("ustar")) {
    entry.user_name = text(block, k_user_name);
    entry.group_name = text(block, k_group_name);
    entry.device_major = number(block, k_device_major, what);
    entry.device_minor = number(block, k_device_minor, what);
    const bool is_posix = magic[5] == '\0'; // GNU has a space there and another use of the prefix
    if (auto prefix = text(block, k_prefix); is_posix && !prefix.empty()) {
      entry.name = prefix + "/" + entry.name;
    }
  }
  if (entry.type == '\0' || entry.type == '7') {
    entry.type = '0';
  }
  if (entry.type == '0' && entry.name.ends_with('/')) {
    entry.type = '5'; // tars before POSIX wrote folders so
  }
  entry.size_bytes = has_data(entry.type) ? static_cast<std::uint64_t>(size) : 0;
  return entry;
}

std::map<std::string, std::string> parse_pax(std::string_view text, const std::string& what) {
  std::map<std::string, std::string> records;
  while (!text.empty() && text.front() != '\0') {
    std::size_t length = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(rest - text.data());
    if (error != std::errc() || length > text.size() || length < digits + 3 ||
        text[digits] != ' ' || text[length - 1] != '\n') {
      bad(what, "a PAX header is damaged");
    }
    const auto record = text.substr(digits + 1, length - digits - 2);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) {
      bad(what, "a PAX header is damaged");
    }
    records[std::string(record.substr(0, equals))] = std::string(record.substr(equals + 1));
    text.remove_prefix(length);
  }
  return records;
}

void apply_pax(const std::map<std::string, std::string>& records, TarEntry& entry,
               const std::string& what) {
  const auto take_number = [&](const std::string& value) {
    // Times may have a fraction; it is cut off.
    const auto whole = std::string_view(value).substr(0, value.find('.'));
    if (const auto number = parse_whole_number<std::int64_t>(whole)) {
      return *number;
    }
    bad(what, "a PAX header has a number that is none");
  };
  for (const auto& [key, value] : records) {
    if (key == "path") {
      entry.name = value;
    } else if (key == "linkpath") {
      entry.link_name = value;
    } else if (key == "size") {
      const auto size = take_number(value);
      if (size < 0) {
        bad(what, "a PAX header has a negative size");
      }
      entry.size_bytes = has_data(entry.type) ? static_cast<std::uint64_t>(size) : 0;
    } else if (key == "uid") {
      entry.uid = take_number(value);
    } else if (key == "gid") {
      entry.gid = take_number(value);
    } else if (key == "mtime") {
      entry.mtime_s = take_number(value);
    } else if (key == "SCHILY.devmajor") {
      entry.device_major = take_number(value);
    } else if (key == "SCHILY.devminor") {
      entry.device_minor = take_number(value);
    } else if (key == "uname") {
      entry.user_name = value;
    } else if (key == "gname") {
      entry.group_name = value;
    }
  }
}

} // namespace regctl
