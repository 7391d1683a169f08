// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// The payload checksums among the image's recorded checksums. Other kinds (tarsum) do not cover a
/// layer's stored bytes.
std::vector<std::string> payload_sums(const V1Image& image);

/// The tarsums among them, as engines sent them ("tarsum+sha256:…").
std::vector<std::string> recorded_tarsums(const V1Image& image);

/// Whether the store recorded a checksum that can verify the layer.
bool has_checksum(const V1Image& image);

/// Names a layer in errors about its damage. `what` is in the message, `store` in the hint.
struct LayerOrigin {
  std::string what; ///< "layer of image 0123456789ab"
  std::string
      store; ///< the store as `regctl audit` takes it: "host:5000", "v1-storage:/srv/registry"
};

/// `bytes` as a LayerSource of `image`. With a check it throws Error{integrity} "WHAT …" instead of
/// ending if the payload checksum is wrong: none of the image's checksums is right for one of its
/// JSON candidates (or for its JSON, if it has no candidates). The hint says how to go on with a
/// damaged layer. `on_match` is called with the JSON that was right.
/// A layer without a payload checksum is checked as far as possible: it must have bytes, unpack to
/// the end of its tar (both unless `check` is LayerCheck::sums), and match its tarsum if one is
/// recorded.
std::unique_ptr<LayerSource> make_layer_source(std::unique_ptr<Source> bytes, const V1Image& image,
                                               LayerCheck check, LayerOrigin origin,
                                               std::function<void(const std::string&)> on_match);

/// The payload checksum that make_layer_source() with LayerCheck::verify will have verified at the
/// end. Nothing if there is none, or if only the end of the layer shows which of several is right.
std::optional<std::string> only_payload_checksum(const V1Image& image);

/// The result of unpacking a layer.
struct Unpacking {
  enum class Outcome {
    whole,
    cut,     ///< the bytes end before the end of the compression or of the tar
    damaged, ///< the bytes are not a tar, or were changed after packing
  };
  Outcome outcome = Outcome::whole;
  std::string problem; ///< "the gzip data is damaged (…)", "is not a tar file …"; "" if whole
};

/// Unpacks `layer`, whatever its compression, and reads its tar to the end. This is the only check
/// for a layer without a recorded checksum. Error{protocol} of `layer` is taken for the layer's own
/// fault and reported in the result; other errors are passed on.
Unpacking check_unpacking(std::unique_ptr<Source> layer);

} // namespace regctl
