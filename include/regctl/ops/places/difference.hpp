// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace regctl::ops {

/// How a tag differs between two places, A and B.
enum class Difference {
  missing,    ///< B has no such tag
  extra,      ///< A has no such tag
  different,  ///< the tag names another image
  unreadable, ///< one side lists the tag but cannot read it
};

/// "missing", "extra", "different", "unreadable".
std::string_view to_string(Difference difference) noexcept;

} // namespace regctl::ops
