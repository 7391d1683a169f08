// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/hash.hpp>
#include <regctl/base/seeded_hash.hpp>
#include <regctl/model/v1/packed_id.hpp>

#include <span>

namespace regctl {

namespace {

constexpr std::size_t k_short_bytes = 8;

} // namespace

PackedId::PackedId(std::string_view id) noexcept : is_short_(id.size() < 2 * bytes_.size()) {
  for (std::size_t i = 0; i + 1 < id.size(); i += 2) {
    bytes_[i / 2] = static_cast<std::uint8_t>(hex_value(id[i]) * 16 + hex_value(id[i + 1]));
  }
}

std::string PackedId::text() const {
  return to_hex(
      {reinterpret_cast<const char*>(bytes_.data()), is_short_ ? k_short_bytes : bytes_.size()});
}

std::size_t PackedId::Hash::operator()(const PackedId& id) const noexcept {
  return seeded_hash(std::as_bytes(std::span(id.bytes_)));
}

} // namespace regctl
