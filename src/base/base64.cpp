// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>

#include <openssl/evp.h>

#include <cstddef>
#include <limits>

namespace regctl {

namespace {

constexpr std::string_view k_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// The size as libcrypto counts it. Throws for longer texts, which are no credentials.
int size_of(std::string_view text) {
  constexpr auto k_longest = static_cast<std::size_t>(std::numeric_limits<int>::max()) / 2;
  if (text.size() > k_longest) {
    throw Error(ErrorKind::protocol, "too long for base64");
  }
  return static_cast<int>(text.size());
}

} // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0'); // libcrypto appends a zero byte
  const auto size = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                      bytes_of(bytes), size_of(bytes));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string base64_decode(std::string_view text) {
  // libcrypto ignores blanks at both ends, and does not accept missing padding.
  const auto digits = text.substr(0, text.find_last_not_of('=') + 1);
  const auto padding = text.size() - digits.size();
  const bool is_well_padded = padding == 0 || (text.size() % 4 == 0 && padding <= 2);
  if (!is_well_padded || digits.size() % 4 == 1 ||
      digits.find_first_not_of(k_alphabet) != std::string_view::npos) {
    throw Error(ErrorKind::protocol, "not base64");
  }
  std::string padded(digits);
  padded.resize((digits.size() + 3) / 4 * 4, '=');
  std::string bytes(padded.size() / 4 * 3, '\0');
  if (::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), bytes_of(padded),
                        size_of(padded)) < 0) {
    throw Error(ErrorKind::protocol, "not base64");
  }
  bytes.resize(digits.size() * 3 / 4); // drops the zero bytes that stand for the padding
  return bytes;
}

} // namespace regctl
