// SPDX-License-Identifier: Apache-2.0
#include "base/wide_registers.hpp"

#include <regctl/base/crc32.hpp>

#include <isa-l/crc.h>

namespace regctl {

// zlib's own crc32(), as Debian 12 builds it, does not use the processor's carry-less
// multiplication and takes ten times as long.
void Crc32::update(std::span<const std::byte> bytes) noexcept {
  value_ =
      ::crc32_gzip_refl(value_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  leave_wide_registers();
}

} // namespace regctl
