// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

TEST_SUITE_BEGIN("base/hash");
TEST_SUITE_END();
