// SPDX-License-Identifier: Apache-2.0
#include "server/http/range.hpp"

#include <regctl/base/whole_number.hpp>

#include <algorithm>

namespace regctl::server {

ByteRange parse_range(std::optional<std::string_view> header, std::uint64_t size_bytes) {
  using Kind = ByteRange::Kind;
  constexpr std::string_view k_unit = "bytes=";
  const ByteRange whole{Kind::whole, 0, size_bytes};
  if (!header || !header->starts_with(k_unit)) {
    return whole;
  }
  const auto spec = header->substr(k_unit.size());
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) {
    return whole;
  }
  const auto first = parse_whole_number<std::uint64_t>(spec.substr(0, dash));
  const auto last = parse_whole_number<std::uint64_t>(spec.substr(dash + 1));
  const bool is_open = dash + 1 == spec.size();
  if (dash == 0) { // the last N bytes
    if (!last) {
      return whole;
    }
    const auto size = std::min(*last, size_bytes);
    return size == 0 ? ByteRange{Kind::unsatisfiable, 0, 0}
                     : ByteRange{Kind::part, size_bytes - size, size};
  }
  if (!first || (!last && !is_open) || (last && *last < *first)) {
    return whole;
  }
  if (*first >= size_bytes) {
    return {Kind::unsatisfiable, 0, 0};
  }
  const auto end = is_open ? size_bytes - 1 : std::min(*last, size_bytes - 1);
  return {Kind::part, *first, end - *first + 1};
}

} // namespace regctl::server
