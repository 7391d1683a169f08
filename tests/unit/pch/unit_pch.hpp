// SPDX-License-Identifier: Apache-2.0
// Compiled once for each layer's tests; see src/pch. No source may rely on it.

#include "pch/regctl_pch.hpp"

#include <doctest/doctest.h>
