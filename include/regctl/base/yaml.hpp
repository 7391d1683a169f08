// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl {

struct YamlMember;

/// A YAML document with scalars as text, without guessing their types. Anchors are resolved, and
/// "<<" merges members of other mappings that the mapping does not have itself.
struct Yaml {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  int line = 0; ///< from 1, for messages
  std::string scalar;
  std::vector<Yaml> items;
  std::vector<YamlMember> members; ///< in the order of the document

  /// The member of a mapping, or nullptr.
  [[nodiscard]] const Yaml* find(std::string_view key) const;
};

struct YamlMember {
  std::string key;
  Yaml value;
  int line = 0; ///< of the key, from 1
};

/// Reads the first document of `text`. Throws Error{usage} "WHAT line N: …" for text that is not
/// YAML, for mappings with keys that are not scalars, and for aliases that would expand it beyond
/// 100,000 nodes.
Yaml parse_yaml(const std::string& text, std::string_view what);

} // namespace regctl
