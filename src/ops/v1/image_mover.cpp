// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/image_mover.hpp"

#include "ops/transfer/second_attempt.hpp"
#include "ops/v1/layer_packing.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/difference.hpp>
#include <regctl/model/v1/layer.hpp>

#include <functional>
#include <utility>

namespace regctl::ops {

namespace {

/// A layer on its way: reports progress, and at the end sets the image's original JSON.
class MovingLayer final : public Source {
public:
  using OnBegin = std::function<void(Compression)>;

  MovingLayer(std::unique_ptr<LayerSource> layer, V1Image& image, Progress& progress,
              Progress::Task task, std::atomic<std::uint64_t>& bytes, OnBegin on_begin)
      : layer_(std::move(layer)), image_(image), progress_(progress), task_(task), bytes_(bytes),
        on_begin_(std::move(on_begin)) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = layer_->read(out);
    if (const auto tell = std::exchange(on_begin_, nullptr)) {
      tell(detect_compression(out.first(n)));
    }
    if (n == 0) {
      image_.json = layer_->original_json();
    }
    bytes_ += n;
    progress_.advance(task_, n);
    return n;
  }

private:
  std::unique_ptr<LayerSource> layer_;
  V1Image& image_; // part of the upload, which outlives every attempt to send it
  Progress& progress_;
  Progress::Task task_;
  std::atomic<std::uint64_t>& bytes_;
  OnBegin on_begin_; // empty after the call
};

} // namespace

void check_provable(const V1Repository& source, const V1Image& image, const ImageCopy& how) {
  if (how.require_checksum && !has_checksum(image)) {
    throw Error(ErrorKind::integrity,
                source.describe() + " tells no checksum of the layer of image " +
                    short_id(image.id) + ", and --require-checksum is given",
                "without it, the layer's size is checked, and that it unpacks whole");
  }
}

bool is_verified(const V1Image& image, const ImageCopy& how) {
  return how.check != LayerCheck::none && has_checksum(image);
}

ImageMover::Moved ImageMover::move(const V1Image& image) {
  if (const auto there = push_.find_image(image.id);
      there && !start_over_if_damaged(how_.whole, push_, image.id)) {
    note_difference(*there, image);
    session_.progress().skipped(image.id, how_.verb, image.layer_size_bytes);
    return {true, 0};
  }
  const auto task = session_.progress().begin(image.id, how_.verb, image.layer_size_bytes);
  try {
    Bytes bytes{0};
    const auto outcome = send_twice_if_damaged(image, task, bytes);
    session_.progress().finish(task);
    return {outcome == PutOutcome::already_there, bytes};
  } catch (...) {
    session_.progress().fail(task);
    throw;
  }
}

void ImageMover::abandon(std::exception_ptr reason) noexcept {
  abandoned_ = true;
  push_.abandon(std::move(reason));
}

PutOutcome ImageMover::send_twice_if_damaged(const V1Image& image, Progress::Task task,
                                             Bytes& bytes) {
  const bool may_guess = push_.can_repeat() && how_.check == LayerCheck::verify;
  const auto run = [&](ReadAttempt attempt) {
    const bool is_guess = may_guess && attempt == ReadAttempt::first;
    return send(image, is_guess ? LayerCheck::verify_likeliest : how_.check, task, bytes);
  };
  return run_twice_if_damaged(run, [&] {
    if (!push_.can_repeat() || abandoned_) {
      return false;
    }
    if (image.json_candidates.empty()) { // with candidates, the first guess is often wrong
      session_.progress().note(
          words_for_second_attempt("the layer of image " + short_id(image.id)));
    }
    session_.progress().restart(task);
    return true;
  });
}

void ImageMover::note_difference(const V1Image& there, const V1Image& image) {
  const bool keeps_bytes =
      how_.plain_layers == PlainLayers::keep && how_.unread_layers == UnreadLayers::keep;
  if (!keeps_bytes || how_.check == LayerCheck::none) { // then layers may well differ
    return;
  }
  if (const auto difference = find_v1_difference(there, image); !difference.empty()) {
    std::call_once(difference_noted_, [&] {
      session_.progress().note("image " + short_id(image.id) +
                               " is at the destination already, but " + difference +
                               ": it is left as it is, as are others like it");
    });
  }
}

void ImageMover::note_unread(const V1Image& image, Compression compression) {
  if (is_read_by_v1_engines(compression)) {
    return;
  }
  std::call_once(unread_noted_, [&] {
    const auto which = "the layer of image " + short_id(image.id) + " is compressed with " +
                       unread_compression(compression) + ": ";
    session_.progress().note(which + (how_.unread_layers == UnreadLayers::gzip
                                          ? "it and others like it become gzip"
                                          : "its bytes stay as they are, as do others like it"));
  });
}

bool ImageMover::wants_gzip(const V1Image& image, LayerCheck check) {
  if (how_.unread_layers == UnreadLayers::keep && how_.plain_layers == PlainLayers::keep) {
    return false;
  }
  const auto head = read_layer_head(source_.open_layer(image, LayerCheck::none));
  if (head.compression != Compression::none) {
    return how_.unread_layers == UnreadLayers::gzip && !is_read_by_v1_engines(head.compression);
  }
  if (!head.is_tar && check != LayerCheck::none) {
    throw Error(ErrorKind::unsupported,
                "the layer of image " + short_id(image.id) + " in " + source_.describe() +
                    " is neither a tar nor compressed with gzip, bzip2, xz or zstd",
                "if it is encrypted, decrypt the image first; --no-verify takes it as it is");
  }
  return how_.plain_layers == PlainLayers::gzip;
}

PutOutcome ImageMover::send(const V1Image& image, LayerCheck check, Progress::Task task,
                            Bytes& bytes) {
  V1Upload upload;
  upload.image = image;
  if (!image.json_candidates.empty()) {
    upload.image.json = image.json_candidates.front(); // the likeliest; the layer's end decides
  }
  const bool becomes_gzip = wants_gzip(image, check);
  if (becomes_gzip) {
    upload.image.layer_size_bytes.reset();
  } else if (check != LayerCheck::none) {
    upload.verified_checksum = only_payload_checksum(image);
  }
  upload.is_checked = check != LayerCheck::none;
  std::uint64_t opened = 0;
  upload.layer = [&]() -> std::unique_ptr<Source> {
    if (opened++ > 0) {
      session_.progress().restart(task);
    }
    auto stored = source_.open_layer(image, check);
    upload.at_rest = becomes_gzip ? nullptr : stored->at_rest();
    auto layer = make_limited_source(
        std::make_unique<MovingLayer>(std::move(stored), upload.image, session_.progress(), task,
                                      bytes, [&](Compression found) { note_unread(image, found); }),
        how_.limits);
    return becomes_gzip ? repack_layer(std::move(layer), "the layer of image " + short_id(image.id))
                        : std::move(layer);
  };
  return push_.put_image(upload);
}

} // namespace regctl::ops
