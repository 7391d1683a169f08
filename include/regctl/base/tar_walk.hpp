// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace regctl {

/// Follows the headers of a tar that passes by piece by piece, as TarReader does of one that is
/// pulled; for bytes that go elsewhere at the same time. Memory is bounded by
/// k_tar_name_limit_bytes. Not thread-safe.
class TarWalk {
public:
  enum class Fault {
    none,
    cut,       ///< it ends inside a header or a file
    not_a_tar, ///< a header's checksum is wrong, or something else than a header stands in its
               ///< place
  };

  void take(std::span<const std::byte> bytes);
  /// The bytes have ended.
  void finish();

  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  /// What is wrong, for people; empty without a fault.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Whether the bytes are all zero, or there are none.
  [[nodiscard]] bool is_blank() const noexcept { return is_blank_; }
  /// Whether the two zero blocks at the end are missing. Some writers leave them out.
  [[nodiscard]] bool lacks_end() const noexcept { return zero_blocks_ < 2; }
  /// Whether other bytes than zeros follow the end.
  [[nodiscard]] bool has_bytes_behind() const noexcept { return has_bytes_behind_; }
  /// Whether there is an entry of aufs' own (".wh..wh.aufs", ".wh..wh.plnk/").
  [[nodiscard]] bool has_aufs_entry() const noexcept { return has_aufs_entry_; }
  /// Whether there is a sparse file in GNU's old form, which no engine unpacks.
  [[nodiscard]] bool has_gnu_sparse() const noexcept { return has_gnu_sparse_; }

private:
  static constexpr std::size_t k_block = 512;

  void fail(Fault fault, std::string problem);
  void read_header();
  void skip_body(std::uint64_t size_bytes, bool is_kept);
  void end_of_body();

  Fault fault_ = Fault::none;
  std::string problem_;
  bool is_blank_ = true;
  bool has_bytes_behind_ = false;
  bool has_aufs_entry_ = false;
  bool has_gnu_sparse_ = false;
  unsigned zero_blocks_ = 0;
  std::uint64_t position_ = 0; ///< of the current block
  std::array<unsigned char, k_block> block_{};
  std::size_t filled_ = 0;        ///< of block_
  std::uint64_t body_ = 0;        ///< bytes of the entry's data still to come
  std::uint64_t padding_ = 0;     ///< zeros behind them
  bool is_kept_ = false;          ///< the data are a PAX header
  bool is_in_sparse_map_ = false; ///< the next block is a part of one
  std::uint64_t sparse_size_ = 0; ///< of the data behind the map
  std::string kept_;
  std::optional<std::uint64_t> pax_size_;
};

} // namespace regctl
