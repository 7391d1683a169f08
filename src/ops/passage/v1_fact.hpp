// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/image.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// The facts about a v1 image that LearntFacts keeps under its ID.
struct V1Fact {
  std::optional<std::int64_t> created;     ///< seconds since 1970
  std::optional<std::uint64_t> size_bytes; ///< of the layer
  std::optional<std::string> parent;       ///< nothing for a base image

  bool operator==(const V1Fact&) const = default;

  static V1Fact of(const V1Image& image, const V1ImageInfo& info);

  /// Reads "CREATED SIZE PARENT", with "-" for an unknown or absent value. Nothing for any other
  /// text.
  static std::optional<V1Fact> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

} // namespace regctl::ops
