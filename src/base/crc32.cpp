// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/crc32.hpp>

#include <zlib.h>

namespace regctl {

void Crc32::update(std::span<const std::byte> bytes) noexcept {
  value_ = static_cast<std::uint32_t>(
      ::crc32_z(value_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

} // namespace regctl
