// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// What becomes of layers that no engine with protocol v1 can unpack.
enum class UnreadLayers {
  gzip, ///< packed anew, as is right where engines will look for them
  keep, ///< byte for byte: their checksums and those above them are known
};

/// What a copy of images does to their layers and tells of them.
struct ImageCopy {
  LayerCheck check = LayerCheck::verify;
  PlainLayers plain_layers = PlainLayers::keep;
  UnreadLayers unread_layers = UnreadLayers::keep;
  Progress::Verb verb = Progress::Verb::copying;
  BandwidthLimits limits = {};
  bool require_checksum = false; ///< see check_provable()
};

/// Throws Error{integrity} for an image that is to be proved by a checksum of its source, which
/// tells none.
void check_provable(const V1Repository& source, const V1Image& image, const ImageCopy& how);

/// Whether the layer is verified by a checksum when it is copied so.
bool is_verified(const V1Image& image, const ImageCopy& how);

/// Moves images, each with its layer, from a repository into a push. Thread-safe: several images
/// may be under way, begun parents first, as the push wants them.
class ImageMover {
public:
  /// Everything must outlive it.
  ImageMover(Session& session, V1Repository& source, V1Push& push, const ImageCopy& how)
      : session_(session), source_(source), push_(push), how_(how) {}

  struct Moved {
    bool was_there = false;  ///< at the destination, so that nothing needed to move
    std::uint64_t bytes = 0; ///< of the layer, as read from the source; those of repetitions too
  };

  /// Moves one image unless it is there. A layer that fails verification is moved once more, then
  /// throws Error{integrity} naming image and layer.
  Moved move(const V1Image& image);

  /// From now on an error is perhaps another image's, which the push passes on: nothing is
  /// repeated, and what waits for an image in the push throws `reason`.
  void abandon(std::exception_ptr reason) noexcept;

private:
  using Bytes = std::atomic<std::uint64_t>; // read on whatever thread the destination reads on

  /// Whether the layer has to be packed (anew). Throws Error{unsupported} for what cannot be.
  bool wants_gzip(const V1Image& image, LayerCheck check);
  void note_unread(const V1Image& image, Compression compression);
  /// Of an image that is at the destination: what others may have pushed under the same ID.
  void note_difference(const V1Image& there, const V1Image& image);

  PutOutcome send_twice_if_damaged(const V1Image& image, Progress::Task task, Bytes& bytes);
  PutOutcome send(const V1Image& image, LayerCheck check, Progress::Task task, Bytes& bytes);

  Session& session_;
  V1Repository& source_;
  V1Push& push_;
  const ImageCopy& how_;
  std::atomic<bool> abandoned_{false};
  std::once_flag unread_noted_;     ///< of all layers the first is named
  std::once_flag difference_noted_; ///< likewise
};

} // namespace regctl::ops
