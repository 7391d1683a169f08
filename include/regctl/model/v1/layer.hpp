// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// Those of the image's recorded checksums that are payload checksums: other kinds (tarsum) say
/// nothing about a layer's stored bytes.
std::vector<std::string> payload_sums(const V1Image& image);

/// Those that are tarsums as engines sent them ("tarsum+sha256:…").
std::vector<std::string> recorded_tarsums(const V1Image& image);

/// Whether a store tells a checksum that the layer can be verified by.
bool has_checksum(const V1Image& image);

/// Names a layer in messages about its damage: the error says which layer, its hint where it lies.
struct LayerOrigin {
  std::string what;  ///< "layer of image 0123456789ab"
  std::string store; ///< as `regctl audit` takes it: "host:5000", "v1-storage:/srv/registry"
};

/// `bytes` as a LayerSource of `image`: with a check it throws Error{integrity} "WHAT …" instead of
/// ending if none of image's payload checksums comes out for one of its JSON candidates or, where
/// there are none, its JSON; the hint says what can be done about a damaged layer. `on_match` hears
/// the JSON that was right. Of a layer without a payload checksum only the rest can be checked:
/// that it has bytes, unpacks to the end of its tar, and has its tarsum if one is recorded.
std::unique_ptr<LayerSource> make_layer_source(std::unique_ptr<Source> bytes, const V1Image& image,
                                               LayerCheck check, LayerOrigin origin,
                                               std::function<void(const std::string&)> on_match);

/// The payload checksum that such a source, with LayerCheck::verify, will have found right when it
/// ends; nothing where only the end tells which of several it is, or where there is none.
std::optional<std::string> only_payload_checksum(const V1Image& image);

/// What came of unpacking a layer.
struct Unpacking {
  enum class Outcome {
    whole,
    cut,     ///< the bytes end before the tar does, or its compression
    damaged, ///< they are no tar, or another than was packed
  };
  Outcome outcome = Outcome::whole;
  std::string problem; ///< "the gzip data is damaged (…)", "is not a tar file …"; "" if whole
};

/// Unpacks `layer`, whatever its compression, and reads the tar to its end: what can be told of a
/// layer of which no checksum is recorded. Throws what `layer` throws, unless that is
/// Error{protocol}, which is taken for the layer's own fault.
Unpacking check_unpacking(std::unique_ptr<Source> layer);

} // namespace regctl
