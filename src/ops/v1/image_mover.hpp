// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/v1/whole_v1_images.hpp"

#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/base/compression.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/session.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>

namespace regctl::ops {

/// How to copy layers that no engine with protocol v1 can unpack.
enum class UnreadLayers {
  gzip, ///< repack them, for destinations that engines pull from
  keep, ///< byte for byte: checksums of them and of images above them stay valid
};

/// How images are copied, and how that is reported.
struct ImageCopy {
  LayerCheck check = LayerCheck::verify;
  PlainLayers plain_layers = PlainLayers::keep;
  UnreadLayers unread_layers = UnreadLayers::keep;
  Progress::Verb verb = Progress::Verb::copying;
  BandwidthLimits limits = {};
  bool require_checksum = false;  ///< see check_provable()
  WholeV1Images* whole = nullptr; ///< what it found damaged at the destination is moved again
  std::string repository = {};    ///< "team/app": in errors before a tag, if there are several
  std::size_t all_tags = 0;       ///< of the copy that this is a part of; 0: it is no part
};

/// Throws Error{integrity} if `how` requires a checksum and the source has none for the image.
void check_provable(const V1Repository& source, const V1Image& image, const ImageCopy& how);

/// Whether a copy made so verifies the layer against a checksum.
bool is_verified(const V1Image& image, const ImageCopy& how);

/// Moves images, each with its layer, from a repository into a push. Thread-safe: several images
/// may be under way, begun parents first, as V1Push requires.
class ImageMover {
public:
  /// All arguments must outlive this.
  ImageMover(Session& session, V1Repository& source, V1Push& push, const ImageCopy& how)
      : session_(session), source_(source), push_(push), how_(how) {}

  struct Moved {
    bool was_there = false;  ///< the image was already at the destination
    std::uint64_t bytes = 0; ///< of the layer, as read from the source; repeated attempts count too
  };

  /// Moves one image unless it is already there. A layer that fails verification is moved a second
  /// time; then throws Error{integrity} naming image and layer.
  Moved move(const V1Image& image);

  /// Ends a failed copy: images that wait in the push throw `reason`. Later errors may be passed on
  /// from another image, so that nothing is repeated any more.
  void abandon(std::exception_ptr reason) noexcept;

private:
  using Bytes = std::atomic<std::uint64_t>; // the destination may read on any thread

  /// Whether the layer must be compressed or repacked. Throws Error{unsupported} if it cannot be.
  bool wants_gzip(const V1Image& image, LayerCheck check);
  void note_unread(const V1Image& image, Compression compression);
  /// For an image that is already at the destination: notes if it differs from the source's.
  void note_difference(const V1Image& there, const V1Image& image);

  PutOutcome send_twice_if_damaged(const V1Image& image, Progress::Task task, Bytes& bytes);
  PutOutcome send(const V1Image& image, LayerCheck check, Progress::Task task, Bytes& bytes);

  Session& session_;
  V1Repository& source_;
  V1Push& push_;
  const ImageCopy& how_;
  std::atomic<bool> abandoned_{false};
  std::once_flag unread_noted_;     ///< only the first such layer is named
  std::once_flag difference_noted_; ///< only the first such image is named
};

} // namespace regctl::ops
