// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/model/oci/config.hpp>

void fuzz(const std::string& input) {
  const auto config = regctl::oci::Config::parse(input, "it");
  const auto platform = config.platform.normalized();
  if (platform.normalized() != platform) {
    __builtin_trap(); // is in the words of comparisons already
  }
}
