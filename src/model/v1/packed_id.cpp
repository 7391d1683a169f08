// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/seeded_hash.hpp>
#include <regctl/model/v1/packed_id.hpp>

#include <span>

namespace regctl {

namespace {

constexpr std::size_t k_short_bytes = 8;

std::uint8_t hex_value(char digit) noexcept {
  return static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

} // namespace

PackedId::PackedId(std::string_view id) noexcept : is_short_(id.size() < 2 * bytes_.size()) {
  for (std::size_t i = 0; i + 1 < id.size(); i += 2) {
    bytes_[i / 2] = static_cast<std::uint8_t>(hex_value(id[i]) * 16 + hex_value(id[i + 1]));
  }
}

std::string PackedId::text() const {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < (is_short_ ? k_short_bytes : bytes_.size()); ++i) {
    text += k_digits[bytes_[i] / 16];
    text += k_digits[bytes_[i] % 16];
  }
  return text;
}

std::size_t PackedId::Hash::operator()(const PackedId& id) const noexcept {
  return seeded_hash(std::as_bytes(std::span(id.bytes_)));
}

} // namespace regctl
