// SPDX-License-Identifier: Apache-2.0
#include "ops/image_mover.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/model/v1_layer.hpp>

#include <array>
#include <utility>

namespace regctl::ops {

namespace {

/// A layer on its way: tells the progress, and puts the JSON in its place once the end told it.
class MovingLayer final : public Source {
public:
  MovingLayer(std::unique_ptr<LayerSource> layer, V1Image& image, Progress& progress,
              Progress::Task task, std::atomic<std::uint64_t>& bytes)
      : layer_(std::move(layer)), image_(image), progress_(progress), task_(task), bytes_(bytes) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = layer_->read(out);
    if (n == 0) {
      image_.json = layer_->original_json();
    }
    bytes_ += n;
    progress_.advance(task_, n);
    return n;
  }

private:
  std::unique_ptr<LayerSource> layer_;
  V1Image& image_; // the upload's, which outlives every attempt to send it
  Progress& progress_;
  Progress::Task task_;
  std::atomic<std::uint64_t>& bytes_;
};

/// `layer` as it is if it is compressed, else as gzip.
std::unique_ptr<Source> gzip_if_plain(std::unique_ptr<Source> layer) {
  std::array<std::byte, 6> head{};
  const auto n = read_fully(*layer, head);
  const auto compression = detect_compression(std::span(head).first(n));
  auto whole = make_concat_source(make_text_source({reinterpret_cast<const char*>(head.data()), n}),
                                  std::move(layer));
  return compression == Compression::none ? make_gzip_source(std::move(whole)) : std::move(whole);
}

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
  if (push_.has_image(image.id)) {
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
  const bool may_repeat = push_.can_repeat() && how_.check == LayerCheck::verify;
  try {
    return send(image, may_repeat ? LayerCheck::verify_likeliest : how_.check, task, bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity || !push_.can_repeat() || abandoned_) {
      throw;
    }
    if (image.json_candidates.empty()) { // else a wrong guess is no cause for alarm
      session_.progress().note("the layer of image " + short_id(image.id) +
                               " is not what was promised; moving it once more");
    }
    session_.progress().restart(task);
    return send(image, how_.check, task, bytes);
  }
}

PutOutcome ImageMover::send(const V1Image& image, LayerCheck check, Progress::Task task,
                            Bytes& bytes) {
  V1Upload upload;
  upload.image = image;
  if (!image.json_candidates.empty()) {
    upload.image.json = image.json_candidates.front(); // the likeliest; the layer's end will tell
  }
  if (how_.plain_layers == PlainLayers::gzip) {
    upload.image.layer_size_bytes.reset();
  } else if (check != LayerCheck::none) {
    upload.verified_checksum = only_payload_checksum(image);
  }
  std::uint64_t opened = 0;
  upload.layer = [&]() -> std::unique_ptr<Source> {
    if (opened++ > 0) {
      session_.progress().restart(task);
    }
    auto layer = make_limited_source(
        std::make_unique<MovingLayer>(source_.open_layer(image, check), upload.image,
                                      session_.progress(), task, bytes),
        how_.limits);
    return how_.plain_layers == PlainLayers::gzip ? gzip_if_plain(std::move(layer))
                                                  : std::move(layer);
  };
  return push_.put_image(upload);
}

} // namespace regctl::ops
