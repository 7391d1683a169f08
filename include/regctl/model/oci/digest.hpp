// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/hash.hpp>
#include <regctl/base/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace regctl::oci {

enum class DigestAlgorithm { sha256, sha512 };
/// "sha256"
std::string_view to_string(DigestAlgorithm algorithm) noexcept;

/// The name of a content by the sum of its bytes: "sha256:" and 64 lower-case hex digits, or
/// "sha512:" and 128. Always valid; a value type. Source: OCI image-spec 1.1, descriptor.md.
class Digest {
public:
  /// Nothing for any other text, also for upper-case hex.
  static std::optional<Digest> find(std::string_view text);

  /// The digest with these digits. Nothing if they are not as many as it needs, or not lower-case
  /// hex.
  static std::optional<Digest> find_hex(std::string_view hex,
                                        DigestAlgorithm algorithm = DigestAlgorithm::sha256);

  /// Throws Error{protocol} "WHAT is no digest: 'TEXT'".
  static Digest parse(std::string_view text, std::string_view what);

  /// The digest of `bytes`.
  static Digest of(std::string_view bytes, DigestAlgorithm algorithm = DigestAlgorithm::sha256);

  [[nodiscard]] DigestAlgorithm algorithm() const noexcept;
  [[nodiscard]] std::string_view algorithm_name() const noexcept {
    return oci::to_string(algorithm());
  }
  [[nodiscard]] std::string_view hex() const noexcept;
  [[nodiscard]] const std::string& to_string() const noexcept { return text_; }
  /// The first 12 digits, for people.
  [[nodiscard]] std::string short_hex() const { return std::string(hex().substr(0, 12)); }

  auto operator<=>(const Digest&) const = default;

private:
  explicit Digest(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

/// Computes the digest of bytes handed in piece by piece. Not thread-safe; movable.
class Digester {
public:
  explicit Digester(DigestAlgorithm algorithm = DigestAlgorithm::sha256);

  void update(std::span<const std::byte> bytes);
  /// Afterwards only destruction is allowed.
  [[nodiscard]] Digest finish();

private:
  std::variant<Sha256, Sha512> sum_;
};

/// Passes `source` through. Throws Error{integrity} "WHAT …" instead of ending if the bytes have
/// another digest or, where a size is given, another size.
std::unique_ptr<Source> make_verified_source(std::unique_ptr<Source> source, const Digest& digest,
                                             std::optional<std::uint64_t> size_bytes,
                                             std::string what);

} // namespace regctl::oci
