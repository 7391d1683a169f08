// SPDX-License-Identifier: Apache-2.0
#include "base/tar_header.hpp"

#include <regctl/base/tar.hpp>
#include <regctl/base/tar_walk.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>
#include <string_view>

namespace regctl {

namespace {

// Positions in a header. Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar's manual.
constexpr std::size_t k_name_size = 100;
constexpr std::size_t k_size_at = 124;
constexpr std::size_t k_checksum_at = 148;
constexpr std::size_t k_checksum_size = 8;
constexpr std::size_t k_type_at = 156;
constexpr std::size_t k_has_map_at = 482; // of a GNU sparse file: more maps follow
constexpr std::size_t k_more_maps_at = 504;

using HeaderBytes = std::span<const unsigned char>;

/// Octal digits, or a binary number behind a set bit.
std::optional<std::uint64_t> read_number(HeaderBytes field) {
  if ((field[0] & 0x80U) != 0) {
    std::uint64_t value = field[0] & 0x7FU;
    for (const auto byte : field.subspan(1)) {
      if (value >> 55U != 0) {
        return std::nullopt;
      }
      value = value << 8U | byte;
    }
    return value;
  }
  std::string_view text(reinterpret_cast<const char*>(field.data()), field.size());
  text = trim(text.substr(0, text.find('\0')));
  return text.empty() ? 0 : parse_whole_number<std::uint64_t>(text, 8);
}

bool has_right_checksum(HeaderBytes block) {
  const auto told = read_number(block.subspan(k_checksum_at, k_checksum_size));
  std::int64_t sum = 0;
  std::int64_t signed_sum = 0; // some old writers added up signed bytes
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool is_own = i >= k_checksum_at && i < k_checksum_at + k_checksum_size;
    const unsigned char byte = is_own ? ' ' : block[i];
    sum += byte;
    signed_sum += static_cast<signed char>(byte);
  }
  return told && (static_cast<std::int64_t>(*told) == sum ||
                  static_cast<std::int64_t>(*told) == signed_sum);
}

bool is_aufs_name(std::string_view name) {
  constexpr std::string_view k_own = ".wh..wh.";
  while (name.starts_with("./") || name.starts_with('/')) {
    name.remove_prefix(name.starts_with('/') ? 1 : 2);
  }
  return name.starts_with(k_own) && name.substr(k_own.size()) != ".opq";
}

/// The size that a PAX header gives: a line "LENGTH size=NUMBER".
std::optional<std::uint64_t> pax_size_in(std::string_view text) {
  constexpr std::string_view k_key = " size=";
  for (std::size_t at = text.find(k_key); at != std::string_view::npos;
       at = text.find(k_key, at + 1)) {
    const auto line = text.rfind('\n', at);
    const auto begin = line == std::string_view::npos ? 0 : line + 1;
    const auto length = text.substr(begin, at - begin);
    const auto end = text.find('\n', at);
    if (!length.empty() && parse_whole_number<std::uint64_t>(length) &&
        end != std::string_view::npos) {
      const auto value = text.substr(at + k_key.size(), end - at - k_key.size());
      if (const auto size = parse_whole_number<std::uint64_t>(value)) {
        return size;
      }
    }
  }
  return std::nullopt;
}

} // namespace

void TarWalk::fail(Fault fault, std::string problem) {
  fault_ = fault;
  problem_ = std::move(problem);
}

void TarWalk::take(std::span<const std::byte> bytes) {
  is_blank_ = is_blank_ && is_zero(bytes);
  while (!bytes.empty() && fault_ == Fault::none) {
    if (zero_blocks_ == 2) {
      has_bytes_behind_ = has_bytes_behind_ || !is_zero(bytes);
      return;
    }
    if (body_ > 0 || padding_ > 0) {
      auto& left = body_ > 0 ? body_ : padding_;
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
      if (is_kept_ && body_ > 0 && kept_.size() + n <= k_tar_name_limit_bytes) {
        kept_.append(reinterpret_cast<const char*>(bytes.data()), n);
      }
      left -= n;
      position_ += n;
      bytes = bytes.subspan(n);
      if (body_ == 0 && padding_ == 0) {
        end_of_body();
      }
      continue;
    }
    const auto n = std::min(bytes.size(), k_block - filled_);
    std::transform(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n),
                   block_.begin() + static_cast<std::ptrdiff_t>(filled_),
                   [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
    filled_ += n;
    bytes = bytes.subspan(n);
    if (filled_ == k_block) {
      filled_ = 0;
      read_header();
      position_ += k_block;
    }
  }
}

void TarWalk::read_header() {
  if (is_in_sparse_map_) {
    is_in_sparse_map_ = block_.at(k_more_maps_at) != 0;
    if (!is_in_sparse_map_) {
      skip_body(sparse_size_, false);
    }
    return;
  }
  if (is_zero(std::as_bytes(std::span(block_)))) {
    ++zero_blocks_;
    return;
  }
  if (zero_blocks_ > 0) {
    fail(Fault::not_a_tar, "one zero block, and then more");
    return;
  }
  const HeaderBytes block(block_);
  auto size = read_number(block.subspan(k_size_at, 12));
  if (!size || !has_right_checksum(block)) {
    fail(Fault::not_a_tar,
         "the checksum of the header at " + std::to_string(position_) + " is wrong");
    return;
  }
  const char type = static_cast<char>(block_.at(k_type_at));
  std::string_view name(reinterpret_cast<const char*>(block_.data()), k_name_size);
  has_aufs_entry_ = has_aufs_entry_ || is_aufs_name(name.substr(0, name.find('\0')));
  constexpr std::string_view k_of_next_entry = "xLKgX";
  constexpr std::string_view k_without_data = "123456";
  const bool is_of_next = k_of_next_entry.find(type) != std::string_view::npos;
  if (!is_of_next) {
    if (k_without_data.find(type) != std::string_view::npos) {
      size = 0;
    } else if (pax_size_) {
      size = pax_size_;
    }
    pax_size_.reset();
  }
  if (type == 'S') {
    has_gnu_sparse_ = true;
    is_in_sparse_map_ = block_.at(k_has_map_at) != 0;
    sparse_size_ = *size;
  }
  if (!is_in_sparse_map_) {
    skip_body(*size, type == 'x');
  }
}

void TarWalk::skip_body(std::uint64_t size_bytes, bool is_kept) {
  body_ = size_bytes;
  padding_ = tar_padding_bytes(size_bytes);
  is_kept_ = is_kept;
  kept_.clear();
  if (body_ == 0) {
    end_of_body();
  }
}

void TarWalk::end_of_body() {
  if (is_kept_) {
    pax_size_ = pax_size_in(kept_);
  }
  is_kept_ = false;
}

void TarWalk::finish() {
  if (fault_ != Fault::none) {
    return;
  }
  if (body_ > 0) {
    fail(Fault::cut, "it ends inside a file");
  } else if (filled_ > 0 && zero_blocks_ < 2) {
    if (is_zero(std::as_bytes(std::span(block_).first(filled_)))) {
      ++zero_blocks_;
    } else if (zero_blocks_ > 0 || position_ == 0) {
      fail(Fault::not_a_tar,
           position_ == 0 ? "it is too short for a header" : "one zero block, and then more");
    } else {
      fail(Fault::cut, "it ends inside a header");
    }
  }
}

} // namespace regctl
