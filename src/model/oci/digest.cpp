// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/digest.hpp>

#include <utility>

namespace regctl::oci {

namespace {

constexpr std::string_view k_sha256 = "sha256:";
constexpr std::string_view k_sha512 = "sha512:";

} // namespace

std::optional<Digest> Digest::find(std::string_view text) {
  const bool is_sha256 =
      text.starts_with(k_sha256) && is_lower_hex(text.substr(k_sha256.size()), 64);
  const bool is_sha512 =
      text.starts_with(k_sha512) && is_lower_hex(text.substr(k_sha512.size()), 128);
  return is_sha256 || is_sha512 ? std::optional(Digest(std::string(text))) : std::nullopt;
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
  return text_.starts_with(k_sha256) ? DigestAlgorithm::sha256 : DigestAlgorithm::sha512;
}

std::string_view Digest::algorithm_name() const noexcept {
  return std::string_view(text_).substr(0, k_sha256.size() - 1);
}

std::string_view Digest::hex() const noexcept {
  return std::string_view(text_).substr(k_sha256.size()); // both names have equal lengths
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
  const auto prefix = std::holds_alternative<Sha256>(sum_) ? k_sha256 : k_sha512;
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
