// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json_fwd.hpp>
#include <regctl/ops/made_image.hpp>
#include <regctl/ops/problem.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace regctl::ops {

/// One line of a map (--map): a tag of a v1 side, and what it became at a side of OCI images. A
/// value type.
struct MapLine {
  std::string from; ///< the mirror's ends in the form of Endpoint::to_string()
  std::string to;
  std::string source; ///< the repository's names at the two ends
  std::string destination;
  std::string tag;
  std::string outcome;           ///< outcome_word(): "copied", "kept", "failed", …
  std::optional<std::string> id; ///< of the v1 image; nothing if it is not known
  /// Null for a tag that failed or was not reached.
  std::shared_ptr<const MadeImage> made = {};
  std::string rescued = {};             ///< the tag of the part that was sound; "" if there is none
  std::optional<Failure> error = {};    ///< its kind, message and hint
  std::optional<ImageFault> fault = {}; ///< which image of a chain that failed is at fault, and why
  bool was_judged = false; ///< without a fault the image is sound, whatever the error; not in files
};

/// The longest line that is read: that of a chain of 4,096 images.
inline constexpr std::size_t k_map_line_bytes = 4 * 1024 * 1024;

/// The line as an object, as regctl-mirror(1) documents it.
Json to_json(const MapLine& line);

/// Reads a line that to_json() made. Unknown members are ignored. Throws Error{protocol} "WHERE: …"
/// for any other text.
MapLine parse_map_line(const std::string& line, const std::string& where);

} // namespace regctl::ops
