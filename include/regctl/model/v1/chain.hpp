// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace regctl {

/// The longest chain accepted. The longest real ones have 127 images (the limit of aufs), so this
/// only stops hostile stores.
inline constexpr std::size_t k_max_chain = 4096;

/// Calls `visit` with `id`, then with each parent that `visit` returns, until it returns none: for
/// a base image, or where the caller wants no more. False if that would be more than k_max_chain
/// images, as with parents that form a loop: the walk has ended there. What `visit` throws goes
/// through.
bool walk_parents(const std::string& id,
                  const std::function<std::optional<std::string>(const std::string& id)>& visit);

} // namespace regctl
