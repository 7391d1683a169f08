// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace regctl {

/// A v1 image ID in half the space, for those who remember very many: 33 bytes. One of 16 digits
/// is told from one of 64 that goes on in zeros.
class PackedId {
public:
  /// `id` must be an image ID (is_v1_id).
  explicit PackedId(std::string_view id) noexcept;

  /// The ID as it was packed.
  [[nodiscard]] std::string text() const;

  /// The order is the same in every run, and nearly that of the texts.
  friend auto operator<=>(const PackedId&, const PackedId&) = default;

  struct Hash {
    std::size_t operator()(const PackedId& id) const noexcept;
  };

private:
  std::array<std::uint8_t, 32> bytes_{};
  bool is_short_ = false; ///< 16 digits
};

} // namespace regctl
