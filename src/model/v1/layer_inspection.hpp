// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/tar.hpp>
#include <regctl/base/unpack_tee.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// Looks whether a layer of which no payload checksum is recorded is whole, as far as that can be
/// told while it passes by: it unpacks to the end of its tar, and has its tarsum if one is
/// recorded. See make_unpack_tee. Not thread-safe.
class LayerInspection final : public UnpackedObserver {
public:
  explicit LayerInspection(const V1Image& image);

  bool step(Source& unpacked) override;
  void give_up(const Error& reason) noexcept override;

  /// What is wrong with a layer that was seen to its end: "is damaged: …"; "" if nothing is.
  [[nodiscard]] std::string problem();

private:
  bool step_through_tar(Source& unpacked);

  std::vector<std::string> tarsums_; ///< any of which may come out
  std::optional<Tarsum> tarsum_;
  std::optional<TarReader> tar_;
  std::vector<std::byte> buffer_;
  bool is_in_entry_ = false;
  bool is_behind_tar_ = false;
  std::string problem_;
};

} // namespace regctl
