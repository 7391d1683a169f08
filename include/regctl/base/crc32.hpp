// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace regctl {

/// The CRC-32 of gzip (RFC 1952 section 8), over bytes handed in piece by piece. It detects
/// accidents, not tampering, and costs a twentieth of a SHA-256. Not thread-safe.
class Crc32 {
public:
  void update(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] std::uint32_t value() const noexcept { return value_; }

private:
  std::uint32_t value_ = 0;
};

} // namespace regctl
