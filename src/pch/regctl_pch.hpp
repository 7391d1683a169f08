// SPDX-License-Identifier: Apache-2.0
// Compiled once for each library, as most of each compile went into these headers. No source may
// rely on it: scripts/tidy and nightly builds compile without it (b_pch=false). It is included
// once, and GCC warns of #pragma once in what it compiles by itself.

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
