// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/compression.hpp>

#include <vector>

void fuzz(const std::string& input) {
  const auto source = regctl::make_decompressed_source(regctl::make_text_source(input), "input");
  std::vector<std::byte> buffer(4096);
  // A bomb is fine as long as it streams: a few megabytes are enough to see.
  for (int i = 0; i < 1000 && source->read(buffer) > 0; ++i) {
  }
}
