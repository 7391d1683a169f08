// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/layer_conversion.hpp"

#include <regctl/model/v1/image.hpp>
#include <regctl/ops/copy.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// A converted layer as LearntFacts keeps it: which one it was, by the payload checksums and the
/// JSON of its image, and what it became. An ID with these is this layer for ever, and a JSON that
/// is not what the checksums were made of has to be noticed: the layer is read again.
struct LayerFact {
  /// The identity under which the fact is kept: the image's ID, "+" and the form.
  static std::string identity_of(const std::string& id, OciForm form);
  static bool is_identity(std::string_view identity) noexcept;

  /// Nothing for a layer that no checksum proves, and one whose JSON was printed anew by its store:
  /// another run could not tell whether they are the same.
  static std::optional<std::string> print(const V1Image& image, const ConvertedLayer& layer);

  /// The layer, if `text` is a fact about this image; nothing for any other text.
  static std::optional<ConvertedLayer> find(std::string_view text, const V1Image& image,
                                            OciForm form);

  /// Whether print() may have made the text.
  static bool is_text(std::string_view text);
};

/// What LearntFacts keeps of a converted image: the digest of its manifest.
struct ManifestFact {
  /// The identity under which the fact is kept: that of the image at the source, "=" and the form;
  /// then "@" and the platform that is assumed of images that do not tell theirs, if it is another
  /// one than usual. The source's is an ID, or the digest of a manifest of schema 1.
  static std::string identity_of(const std::string& source, OciForm form,
                                 const oci::Platform& assumed = usual_platform());
  static bool is_identity(std::string_view identity);
};

} // namespace regctl::ops
