// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/http/secret.hpp>

#include <cstddef>
#include <cstdint>

namespace regctl::http {

namespace {

constexpr std::string_view k_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

Secret basic_authorization(std::string_view username, const Secret& password) {
  return Secret("Basic " + base64_encode(std::string(username) + ":" + password.reveal()));
}

std::string base64_encode(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto piece = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < piece.size() ? static_cast<unsigned char>(piece[k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= piece.size() ? k_alphabet[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string base64_decode(std::string_view text) {
  const auto last = text.find_last_not_of('=');
  const auto digits = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  const auto padding = text.size() - digits.size();
  // Padding may be missing (written so by some tools) but not be wrong.
  const bool well_padded = padding == 0 || (text.size() % 4 == 0 && padding <= 2);
  if (!well_padded || digits.size() % 4 == 1) {
    throw Error(ErrorKind::protocol, "not base64");
  }
  std::string bytes;
  std::uint32_t bits = 0;
  int held_bits = 0;
  for (const char c : digits) {
    const auto value = k_alphabet.find(c);
    if (value == std::string_view::npos) {
      throw Error(ErrorKind::protocol, "not base64");
    }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held_bits += 6;
    if (held_bits >= 8) {
      held_bits -= 8;
      bytes += static_cast<char>(bits >> held_bits & 0xff);
    }
  }
  return bytes;
}

} // namespace regctl::http
