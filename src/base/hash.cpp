// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/stream.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <new>

namespace regctl {

namespace {

std::string to_hex(std::span<const unsigned char> bytes) {
  static constexpr std::string_view k_digits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    hex += k_digits[byte >> 4];
    hex += k_digits[byte & 15];
  }
  return hex;
}

const EVP_MD* fetch(const char* name) {
  const EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
  if (digest == nullptr) {
    throw Error(ErrorKind::unsupported, std::string("libcrypto offers no ") + name);
  }
  return digest;
}

/// Looked up once and never freed: the lookup is most of the cost of a small sum.
const EVP_MD* sha256() {
  static const EVP_MD* const digest = fetch("SHA-256");
  return digest;
}

const EVP_MD* sha512() {
  static const EVP_MD* const digest = fetch("SHA-512");
  return digest;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

} // namespace

void prepare_hashing() {
  static_cast<void>(sha256());
}

struct HashSum::Impl {
  explicit Impl(const EVP_MD* algorithm) {
    if (!context || EVP_DigestInit_ex(context.get(), algorithm, nullptr) != 1) {
      throw std::bad_alloc();
    }
  }
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

HashSum::HashSum(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HashSum::~HashSum() = default;
HashSum::HashSum(HashSum&&) noexcept = default;
HashSum& HashSum::operator=(HashSum&&) noexcept = default;

Sha256::Sha256() : HashSum(std::make_unique<Impl>(sha256())) {}
Sha512::Sha512() : HashSum(std::make_unique<Impl>(sha512())) {}

void HashSum::update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size());
}

void HashSum::update(std::string_view text) {
  update(as_bytes(text));
}

std::string HashSum::finish_hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(impl_->context.get(), sum.data(), &size);
  return to_hex(std::span(sum).first(size));
}

std::string to_hex(std::string_view bytes) {
  return to_hex(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  const auto bytes = as_bytes(text);
  if (HMAC(sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), sum.data(),
           &size) == nullptr) {
    throw Error(ErrorKind::unsupported, "libcrypto offers no HMAC");
  }
  return {reinterpret_cast<const char*>(sum.data()), size};
}

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  const auto sum = hmac_sha256(key, text);
  return to_hex({reinterpret_cast<const unsigned char*>(sum.data()), sum.size()});
}

std::string md5(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), sum.data(), &size, EVP_md5(), nullptr) != 1) {
    throw Error(ErrorKind::unsupported, "libcrypto offers no MD5");
  }
  return {reinterpret_cast<const char*>(sum.data()), size};
}

std::string md5_hex(std::string_view text) {
  return to_hex(md5(text));
}

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw Error(ErrorKind::unsupported, "the system gives no random bytes");
  }
  return to_hex(random);
}

bool is_equal_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string sha256_hex(std::string_view text) {
  Sha256 hasher;
  hasher.update(text);
  return hasher.finish_hex();
}

bool is_lower_hex(std::string_view text, std::size_t digits) noexcept {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

} // namespace regctl
