// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

TEST_SUITE_BEGIN("base/stream");
TEST_SUITE_END();
