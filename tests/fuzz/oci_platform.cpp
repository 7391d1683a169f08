// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/model/oci/platform.hpp>

void fuzz(const std::string& input) {
  const auto platforms = regctl::oci::parse_platforms(input);
  for (const auto& platform : platforms) {
    if (regctl::oci::Platform::parse(platform.to_string()) != platform ||
        platform.distance_from(platform) != 0) {
      __builtin_trap(); // to_string() undoes parse(), and each runs on itself
    }
    for (const auto& other : platforms) {
      const auto distance = platform.distance_from(other);
      if (distance && (*distance < 0 || (*distance == 0 && platform.os != other.os))) {
        __builtin_trap();
      }
    }
  }
}
