// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace regctl::ops {

/// "2 of 12 repositories", "0 of 1 repository"; with "+" as `more`, "2 of 12+ repositories".
inline std::string part_of(std::uint64_t done, std::uint64_t all, std::string_view one,
                           std::string_view many, std::string_view more = {}) {
  const bool is_one = all == 1 && more.empty();
  return std::to_string(done) + " of " + std::to_string(all) + std::string(more) + " " +
         std::string(is_one ? one : many);
}

} // namespace regctl::ops
