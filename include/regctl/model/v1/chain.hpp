// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace regctl {

/// How long a chain may be; the longest seen are 127 (aufs), so this only stops what is hostile.
inline constexpr std::size_t k_max_chain = 4096;

/// Calls `visit` with `id`, then with each parent that `visit` returns, until it returns none: for
/// a base image, or where the caller wants no more. False if that would be more than k_max_chain
/// images, as with parents that form a loop: the walk has ended there. What `visit` throws goes
/// through.
bool walk_parents(const std::string& id,
                  const std::function<std::optional<std::string>(const std::string& id)>& visit);

} // namespace regctl
