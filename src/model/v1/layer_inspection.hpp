// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/tar.hpp>
#include <regctl/base/unpack_tee.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// Checks a layer without a recorded payload checksum, as far as possible while it passes by: it
/// must unpack to the end of its tar, unless that is left to the reader, and match its tarsum if
/// one is recorded. See make_unpack_tee. Not thread-safe.
class LayerInspection final : public UnpackedObserver {
public:
  /// `check` is LayerCheck::sums where the unpacking is left to the reader.
  LayerInspection(const V1Image& image, LayerCheck check);

  bool step(Source& unpacked) override;
  void give_up(const Error& reason) noexcept override;

  /// The fault of a layer that was seen to its end: "is damaged: …"; "" if there is none.
  [[nodiscard]] std::string problem();

private:
  bool step_through_tar(Source& unpacked);

  const LayerCheck check_;
  std::vector<std::string> tarsums_; ///< the recorded ones; any of them may match
  std::optional<Tarsum> tarsum_;
  std::optional<TarReader> tar_;
  std::vector<std::byte> buffer_;
  bool is_in_entry_ = false;
  bool is_behind_tar_ = false;
  std::string problem_;
};

} // namespace regctl
