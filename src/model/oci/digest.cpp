// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/oci/digest.hpp>

#include <utility>

namespace regctl::oci {

namespace {

constexpr std::string_view k_sha512_prefix = "sha512:";
constexpr std::size_t k_sha512_digits = 128;
static_assert(k_sha512_prefix.size() == k_sha256_prefix.size()); // hex() and Digester rely on it

} // namespace

std::string_view to_string(DigestAlgorithm algorithm) noexcept {
  const auto prefix = algorithm == DigestAlgorithm::sha256 ? k_sha256_prefix : k_sha512_prefix;
  return prefix.substr(0, prefix.size() - 1);
}

std::optional<Digest> Digest::find(std::string_view text) {
  const bool is_sha512 = text.starts_with(k_sha512_prefix) &&
                         is_lower_hex(text.substr(k_sha512_prefix.size()), k_sha512_digits);
  return is_digest(text) || is_sha512 ? std::optional(Digest(std::string(text))) : std::nullopt;
}

std::optional<Digest> Digest::find_hex(std::string_view hex, DigestAlgorithm algorithm) {
  return find(std::string(oci::to_string(algorithm)).append(":").append(hex));
}

Digest Digest::parse(std::string_view text, std::string_view what) {
  auto digest = find(text);
  if (!digest) {
    throw Error(ErrorKind::protocol, std::string(what) + " is no digest: '" + excerpt(text) + "'");
  }
  return *std::move(digest);
}

Digest Digest::of(std::string_view bytes, DigestAlgorithm algorithm) {
  Digester digester(algorithm);
  digester.update(as_bytes(bytes));
  return digester.finish();
}

DigestAlgorithm Digest::algorithm() const noexcept {
  return text_.starts_with(k_sha256_prefix) ? DigestAlgorithm::sha256 : DigestAlgorithm::sha512;
}

std::string_view Digest::hex() const noexcept {
  return std::string_view(text_).substr(k_sha256_prefix.size());
}

Digester::Digester(DigestAlgorithm algorithm) {
  if (algorithm == DigestAlgorithm::sha512) {
    sum_.emplace<Sha512>();
  }
}

void Digester::update(std::span<const std::byte> bytes) {
  std::visit([&](auto& sum) { sum.update(bytes); }, sum_);
}

Digest Digester::finish() {
  const auto prefix = std::holds_alternative<Sha256>(sum_) ? k_sha256_prefix : k_sha512_prefix;
  const auto hex = std::visit([](auto& sum) { return sum.finish_hex(); }, sum_);
  return Digest::parse(std::string(prefix) + hex, "a sum");
}

std::unique_ptr<Source> make_verified_source(std::unique_ptr<Source> source, const Digest& digest,
                                             std::optional<std::uint64_t> size_bytes,
                                             std::string what) {
  ExpectedBytes expected{.size_bytes = size_bytes};
  auto& hex =
      digest.algorithm() == DigestAlgorithm::sha256 ? expected.sha256_hex : expected.sha512_hex;
  hex = std::string(digest.hex());
  return regctl::make_verified_source(std::move(source), std::move(expected), std::move(what));
}

} // namespace regctl::oci
