// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace regctl {

/// Loads SHA-256, which otherwise happens at the first sum (0.8 ms). Call it before threads start:
/// libcrypto 3.0 crashes if it loads on a thread for which there is no memory. Throws
/// Error{unsupported} if libcrypto has no SHA-256.
void prepare_hashing();

/// A sum over bytes handed in piece by piece (libcrypto, which uses the CPU's instructions). Not
/// thread-safe; movable.
class HashSum {
public:
  HashSum(const HashSum&) = delete;
  HashSum& operator=(const HashSum&) = delete;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);

  /// Lower-case hex digits. Afterwards only destruction is allowed.
  [[nodiscard]] std::string finish_hex();

protected:
  struct Impl; // hides libcrypto's type
  explicit HashSum(std::unique_ptr<Impl> impl) noexcept;
  ~HashSum();
  HashSum(HashSum&&) noexcept;
  HashSum& operator=(HashSum&&) noexcept;

private:
  std::unique_ptr<Impl> impl_;
};

/// SHA-256: 64 digits.
class Sha256 final : public HashSum {
public:
  Sha256();
};

/// SHA-512: 128 digits.
class Sha512 final : public HashSum {
public:
  Sha512();
};

/// The SHA-256 of `text` as 64 lower-case hex digits.
std::string sha256_hex(std::string_view text);

/// HMAC-SHA-256 (RFC 2104) of `text` under `key`: 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// HMAC-SHA-256 as 64 lower-case hex digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

/// The MD5 of `text`, 16 bytes: what S3 wants of some requests, and names small objects by. It
/// proves nothing against an attacker.
std::string md5(std::string_view text);

inline constexpr std::size_t k_md5_digits = 32;
/// The MD5 of `text` as k_md5_digits lower-case hex digits.
std::string md5_hex(std::string_view text);

/// The bytes of a text as lower-case hex digits.
std::string to_hex(std::string_view bytes);

/// The value, 0 to 15, of one of the digits 0-9a-f; `digit` must be one.
constexpr std::uint8_t hex_value(char digit) noexcept {
  return static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/// `bytes` random bytes from the operating system, as lower-case hex digits.
std::string random_hex(std::size_t bytes);

/// Whether the texts are equal, in a time that does not depend on where they differ.
bool is_equal_secret(std::string_view a, std::string_view b) noexcept;

/// True for exactly `digits` characters of 0-9a-f.
bool is_lower_hex(std::string_view text, std::size_t digits) noexcept;

} // namespace regctl
