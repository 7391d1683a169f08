// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "fuzz/memory_file.hpp"
#include "ops/mirror/state.hpp"

#include <algorithm>

/// What of a file is of no use is told once, and never a reason to fail.
void fuzz(const std::string& input) {
  const MemoryFile file(input);
  int notes = 0;
  const regctl::ops::mirror::State state(file.name(), [&](const std::string&) { ++notes; });
  const auto id = input.substr(std::min(input.find('\n') + 1, input.size()), 64);
  static_cast<void>(state.find(id));
  if (notes > 1) {
    __builtin_trap();
  }
}
