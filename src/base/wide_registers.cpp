// SPDX-License-Identifier: Apache-2.0
#include "base/wide_registers.hpp"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace regctl {

#ifdef __x86_64__

namespace {

__attribute__((target("avx"))) void zero_upper_halves() noexcept {
  ::_mm256_zeroupper();
}

} // namespace

void leave_wide_registers() noexcept {
  if (__builtin_cpu_supports("avx")) {
    zero_upper_halves();
  }
}

#else

void leave_wide_registers() noexcept {}

#endif

} // namespace regctl
