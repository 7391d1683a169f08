// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

/// What a target does with each input; an Error is an answer, everything else a finding.
void fuzz(const std::string& input);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    fuzz({reinterpret_cast<const char*>(data), size});
  } catch (const regctl::Error&) {
    return 0;
  }
  return 0;
}
