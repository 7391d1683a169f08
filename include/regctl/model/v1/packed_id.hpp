// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace regctl {

/// A v1 image ID in half the space (33 bytes), for tables of very many IDs. A 16-digit ID differs
/// from a 64-digit one that ends in zeros.
class PackedId {
public:
  /// `id` must be an image ID (is_v1_id).
  explicit PackedId(std::string_view id) noexcept;

  /// The ID as text.
  [[nodiscard]] std::string text() const;

  /// The same order in every run. It is the order of the texts, except that an ID of 16 digits
  /// comes after the one that goes on in zeros.
  friend auto operator<=>(const PackedId&, const PackedId&) = default;

  struct Hash {
    std::size_t operator()(const PackedId& id) const noexcept;
  };

private:
  std::array<std::uint8_t, 32> bytes_{};
  bool is_short_ = false; ///< 16 digits
};

} // namespace regctl
