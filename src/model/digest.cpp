// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/hash.hpp>
#include <regctl/model/digest.hpp>

namespace regctl {

std::string to_digest(std::string_view hex) {
  return std::string(k_sha256_prefix).append(hex);
}

bool is_digest(std::string_view text) noexcept {
  return text.starts_with(k_sha256_prefix) && is_lower_hex(digits_of(text), 64);
}

std::string_view digits_of(std::string_view digest) noexcept {
  return digest.substr(k_sha256_prefix.size());
}

} // namespace regctl
