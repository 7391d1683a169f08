// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/tar.hpp>

void fuzz(const std::string& input) {
  regctl::TarReader reader(regctl::make_text_source(input), "input");
  while (const auto entry = reader.next()) {
    if (entry->name.size() % 2 == 0) {
      regctl::drain(reader.data());
    }
  }
}
