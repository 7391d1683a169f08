// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/v1_fact.hpp"

#include <regctl/base/time.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>
#include <array>

namespace regctl::ops {

namespace {

constexpr std::string_view k_unknown = "-";

template <class Number> std::string print_number(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : std::string(k_unknown);
}

} // namespace

V1Fact V1Fact::of(const V1Image& image, const V1ImageInfo& info) {
  return {parse_rfc3339(info.created), image.layer_size_bytes, info.parent};
}

std::optional<V1Fact> V1Fact::parse(std::string_view text) {
  std::array<std::string_view, 3> words;
  for (auto& word : words) {
    const auto space = std::min(text.find(' '), text.size());
    word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  const auto& [created, size, parent] = words;
  V1Fact fact;
  fact.created = parse_whole_number<std::int64_t>(created);
  fact.size_bytes = parse_whole_number<std::uint64_t>(size);
  if (parent != k_unknown) {
    fact.parent = parent;
  }
  const bool is_right = text.empty() && (fact.created || created == k_unknown) &&
                        (fact.size_bytes || size == k_unknown) &&
                        (parent == k_unknown || is_v1_id(parent));
  return is_right ? std::optional(fact) : std::nullopt;
}

std::string V1Fact::to_string() const {
  return print_number(created) + " " + print_number(size_bytes) + " " +
         parent.value_or(std::string(k_unknown));
}

} // namespace regctl::ops
