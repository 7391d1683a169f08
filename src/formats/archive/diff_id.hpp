// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/hash.hpp>
#include <regctl/base/unpack_tee.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// Hashes the unpacked bytes of a layer while it is read: its diff ID.
class DiffIdObserver final : public UnpackedObserver {
public:
  bool step(Source& unpacked) override;
  void give_up(const Error& reason) noexcept override { failure_ = reason.message(); }

  /// "sha256:" and 64 hex digits. Call it once, after the end of the layer. Throws Error{integrity}
  /// if the bytes could not be unpacked.
  std::string diff_id();

  /// The same, but returns nothing if the bytes could not be unpacked.
  std::optional<std::string> find_diff_id();

  /// Whether every unpacked byte was zero, as in a tar without entries.
  [[nodiscard]] bool is_empty_tar() const noexcept { return all_zero_; }

private:
  std::vector<std::byte> buffer_ = std::vector<std::byte>(k_buffer_bytes);
  Sha256 hasher_;
  std::string failure_;
  bool all_zero_ = true;
};

} // namespace regctl
