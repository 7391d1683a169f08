// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace regctl {

/// "12" or "1.5", without sign, exponent or anything else; nothing for any other text.
std::optional<double> parse_decimal(std::string_view text) noexcept;

/// "90s", "15m", "12h", "7d", "2w", and sums of them: "1d12h". A number needs its unit. Throws
/// Error{usage} naming `text`.
std::chrono::seconds parse_duration(std::string_view text);

/// Bytes: "512", "20kB", "1.5GB" (units of 1000), "1MiB" (of 1024); the B may be missing and case
/// does not matter. Throws Error{usage} naming `text`.
std::uint64_t parse_size(std::string_view text);

/// "10%" or "0.1" as 0.1; from 0 to 1. Throws Error{usage} naming `text`.
double parse_share(std::string_view text);

/// Adds a size that a peer reported. The sum stays at the largest number instead of wrapping
/// around.
inline void add_size(std::uint64_t& total_bytes, std::uint64_t bytes) noexcept {
  total_bytes += std::min(bytes, std::numeric_limits<std::uint64_t>::max() - total_bytes);
}

/// A sum of sizes, some of which may be unknown.
struct SizeSum {
  std::uint64_t bytes = 0;   ///< the sum of the known sizes
  std::uint64_t unknown = 0; ///< how many sizes are unknown

  void add(const std::optional<std::uint64_t>& size_bytes) noexcept {
    if (size_bytes) {
      add_size(bytes, *size_bytes);
    } else {
      ++unknown;
    }
  }

  void add(const SizeSum& other) noexcept {
    add_size(bytes, other.bytes);
    unknown += other.unknown;
  }

  /// A lower bound of the sum; nothing where no size is known.
  [[nodiscard]] std::optional<std::uint64_t> least_bytes() const noexcept {
    return bytes == 0 && unknown > 0 ? std::nullopt : std::optional(bytes);
  }

  bool operator==(const SizeSum&) const = default;
};

/// How many bytes a second may travel, depending on the time of day.
struct Bandwidth {
  struct Span {
    std::chrono::minutes begin{0}; ///< since midnight, local time
    std::chrono::minutes end{0};   ///< exclusive; smaller than `begin` for a span across midnight
    std::optional<std::uint64_t> bytes_per_second; ///< nothing: no limit

    bool operator==(const Span&) const = default;
  };

  std::vector<Span> spans;                       ///< the first span that includes the time counts
  std::optional<std::uint64_t> bytes_per_second; ///< at all other times; nothing: no limit

  [[nodiscard]] std::optional<std::uint64_t> at(std::chrono::minutes since_midnight) const;
  [[nodiscard]] bool is_limited() const noexcept;

  bool operator==(const Bandwidth&) const = default;
};

/// "20MB/s", "unlimited", or a list separated by commas: spans of the day first, then the rate for
/// all other times, as in "08:00-18:00: 5MB/s, 20MB/s". The "/s" may be missing. Throws
/// Error{usage} naming `text`.
Bandwidth parse_bandwidth(std::string_view text);

} // namespace regctl
