// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/derive.hpp>
#include <regctl/model/v1/image.hpp>

void fuzz(const std::string& input) {
  try {
    regctl::parse_v1_image(input);
    regctl::make_config_of_0_1({{input, "sha256:" + std::string(64, 'a'), false}});
  } catch (const regctl::Error&) {
    // The same text may still be a config.
  }
  for (const auto& image : regctl::derive_v1_chain(input).images) {
    if (regctl::parse_v1_image(image.json).id != image.id) {
      __builtin_trap();
    }
  }
}
